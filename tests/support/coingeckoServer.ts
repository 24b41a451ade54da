/**
 * A local CoinGecko that answers with recorded bodies. In a test: `await using server = await startCoinGeckoServer()`.
 * By itself: `node tests/support/coingeckoServer.ts --port 8099`, then `COINGECKO_BASE_URL=http://127.0.0.1:8099 qicore up`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { recordedAnswers } from './coingeckoRecordings.ts'

export interface Ask {
  /** Without the prefix `/api/v3`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Held back until this settles. */
  readonly after?: Promise<unknown>
  /** `drop` cuts the connection unanswered, `truncate` in the middle of the body. */
  readonly fault?: 'drop' | 'truncate'
}

/** The answer; undefined leaves it to the recordings. */
export type Answering = (ask: Ask) => Reply | undefined

export interface CoinGeckoServer extends AsyncDisposable {
  readonly url: string
  /** Every request so far. */
  readonly asked: readonly Ask[]
  /** The next answers, before anything else; each is given once. */
  push(...replies: readonly Reply[]): void
  /** Settles once so many requests have come in all. */
  reached(count: number): Promise<void>
  close(): Promise<void>
}

export interface CoinGeckoServerOptions {
  readonly port?: number
  /** Asked before the recordings. */
  readonly answer?: Answering
  /** Leaves the recordings out: what `answer` does not know is 404. */
  readonly recordings?: boolean
}

export async function startCoinGeckoServer(options: CoinGeckoServerOptions = {}): Promise<CoinGeckoServer> {
  const asked: Ask[] = []
  const queue: Reply[] = []
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const recorded = options.recordings === false ? () => undefined : recordedAnswers()

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const ask = { path: url.pathname.replace(/^\/api\/v3(?=\/)/, ''), query: url.searchParams, headers: request.headers }
    asked.push(ask)
    for (const waiter of waiting) if (asked.length >= waiter.count) waiter.resolve()
    void send(response, queue.shift() ?? options.answer?.(ask) ?? recorded(ask) ?? NOT_FOUND)
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(options.port ?? 0, '127.0.0.1', listening.resolve)
  await listening.promise

  const close = async (): Promise<void> => {
    const closed = Promise.withResolvers<void>()
    server.close(() => closed.resolve())
    server.closeAllConnections()
    await closed.promise
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    push: (...replies) => queue.push(...replies),
    async reached(count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (asked.length >= count) return
      waiting.push({ count, resolve })
      await promise
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const NOT_FOUND: Reply = { status: 404, body: '{"error":"Incorrect path. Please check https://www.coingecko.com/api/"}' }

async function send(response: ServerResponse, reply: Reply): Promise<void> {
  await reply.after
  if (response.destroyed) return
  if (reply.fault === 'drop') return void response.destroy()
  const body = Buffer.from(reply.body ?? '')
  response.writeHead(reply.status ?? 200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    ...reply.headers,
  })
  if (reply.fault === 'truncate') response.write(body.subarray(0, body.length >> 1), () => response.destroy())
  else response.end(body)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const at = process.argv.indexOf('--port')
  const server = await startCoinGeckoServer({ port: at > 0 ? Number(process.argv[at + 1]) : 8099 })
  console.log(`answering as CoinGecko at ${server.url}; Ctrl-C ends it`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
}
