import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { httpServer } from '../networking/hostileServers.ts'

/** A request as a receiver got it. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface ReceivedRecord {
  readonly id: string
  readonly record: Readonly<Record<string, unknown>>
}

export interface Receiver {
  readonly url: string
  /** The requests that came, in the order in which they were complete; all but questions of `check`. */
  readonly requests: Received[]
  /** Answers a request; 200 unless another is set. */
  answer: (received: Received, response: ServerResponse) => void | Promise<void>
}

/** A server of a test that gets records. */
export async function receiver(host = '127.0.0.1'): Promise<Receiver> {
  const made: { -readonly [K in keyof Receiver]: Receiver[K] } = {
    url: '',
    requests: [],
    answer: (_, response) => void response.end(),
  }
  made.url = await httpServer((request, response) => void take(request, response, made), host)
  return made
}

async function take(request: IncomingMessage, response: ServerResponse, { requests, answer }: Receiver): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  if (request.method === 'OPTIONS') return void response.end()
  const received = {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    text: Buffer.concat(parts).toString(),
  }
  requests.push(received)
  await answer(received, response)
}

/** The records of a webhook's request. */
export const recordsOf = ({ text }: Received): readonly ReceivedRecord[] =>
  (JSON.parse(text) as { readonly records: readonly ReceivedRecord[] }).records
