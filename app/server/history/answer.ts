import { QiError, toQiError } from '../../../lib/src/base/types/index.ts'
import { addressGroup } from '../connections.ts'
import { always } from '../headers.ts'
import type { Asked, Served } from '../route.ts'
import { streamedBody } from './body.ts'
import { FORMATS, type Format } from './format.ts'

export interface Answer {
  readonly format: Format
  /** Name of the file that a browser saves, without its suffix. */
  readonly fileName: string
  readonly headers?: Readonly<Record<string, string>>
  /** Called only if the client wants a body. */
  body(signal: AbortSignal): AsyncGenerator<Uint8Array>
}

/** Streams a whole body, in an export slot of the client. */
export function stream({ exports, logger }: Served, asked: Asked<unknown>, answer: Answer): Response {
  const headers = headersOf(answer)
  if (asked.request.method === 'HEAD') return new Response(null, { headers })
  const release = exports.take(clientOf(asked))
  const stopped = new AbortController()
  const signal = AbortSignal.any([asked.request.signal, stopped.signal])
  const body = streamedBody(answer.body(signal), (error) => {
    release()
    stopped.abort()
    if (error !== undefined) logger.warn({ err: toQiError(error) }, `an export of ${answer.fileName} failed`)
  })
  return new Response(body, { headers })
}

/** Answers with a small body at once. */
export async function whole(asked: Asked<unknown>, answer: Answer): Promise<Response> {
  const parts: Uint8Array[] = []
  for await (const part of answer.body(asked.request.signal)) parts.push(part)
  const bytes = Buffer.concat(parts)
  return new Response(asked.request.method === 'HEAD' ? null : bytes, {
    headers: { ...headersOf(answer), 'content-length': String(bytes.length) },
  })
}

function headersOf({ format, fileName, headers }: Answer): Record<string, string> {
  return {
    ...always,
    'content-type': FORMATS[format].type,
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    vary: 'accept, accept-encoding',
    ...(format !== 'json' && { 'content-disposition': `attachment; filename="${fileName}.${format}"` }),
    ...headers,
  }
}

/** The address of another page of the same query. */
export function linkTo(request: Request, changes: Readonly<Record<string, string>>, rel: 'next' | 'prev'): string {
  const { pathname, searchParams } = new URL(request.url)
  for (const [name, value] of Object.entries(changes)) searchParams.set(name, value)
  return `<${pathname}?${searchParams}>; rel="${rel}"`
}

function clientOf({ caller }: Asked<unknown>): string {
  if (!caller) throw new QiError('UNAUTHORIZED', 'a token is needed', { field: 'token' })
  return caller.token ?? addressGroup(caller.address ?? '')
}
