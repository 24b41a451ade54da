import { pipeline, Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import { brotliCompress, constants, createBrotliCompress, createGzip, createZstdCompress, gzip, zstdCompress } from 'node:zlib'

/** Brotli's default quality of 11 takes a hundred times as long and saves a tenth more. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

/** Encodings, the preferred first. */
const ENCODINGS: Readonly<
  Record<string, { readonly stream: () => Transform; readonly whole: (bytes: Uint8Array) => Promise<Buffer> }>
> = {
  zstd: { stream: () => createZstdCompress(), whole: promisify(zstdCompress) },
  br: { stream: () => createBrotliCompress(BROTLI), whole: (bytes) => promisify(brotliCompress)(bytes, BROTLI) },
  gzip: { stream: () => createGzip(), whole: promisify(gzip) },
}

/** Smallest answer that is compressed. */
const LEAST_BYTES = 1_024
const COMPRESSIBLE = /^(?:application\/(?:[\w.-]+\+)?json|application\/x-ndjson|text\/(?!event-stream)|image\/svg)/

/** The encoding with the greatest weight in `accept-encoding`, and among equals the preferred one; undefined for none. */
export function encodingFor(accepted: string): string | undefined {
  const weights = new Map<string, number>()
  for (const part of accepted.slice(0, 500).split(',')) {
    const [name = '', ...parameters] = part.split(';').map((one) => one.trim().toLowerCase())
    const weight = parameters.find((one) => one.startsWith('q='))
    weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)) || 0)
  }
  const weightOf = (name: string) => weights.get(name) ?? weights.get('*') ?? 0
  const [best] = Object.keys(ENCODINGS).sort((a, b) => weightOf(b) - weightOf(a))
  return best !== undefined && weightOf(best) > 0 ? best : undefined
}

/** The same answer, compressed if the client accepts that and the answer is large enough. */
export async function compressed(response: Response, accepted: string): Promise<Response> {
  const { headers, body, status } = response
  const length = headers.get('content-length')
  if (!body || headers.has('content-encoding') || !COMPRESSIBLE.test(headers.get('content-type') ?? '')) return response
  if (length !== null && Number(length) < LEAST_BYTES) return response
  const name = encodingFor(accepted)
  const encoding = name === undefined ? undefined : ENCODINGS[name]
  if (name === undefined || !encoding) return response
  const changed = new Headers(headers)
  changed.set('content-encoding', name)
  changed.delete('content-length')
  if (!changed.get('vary')?.includes('accept-encoding')) changed.append('vary', 'accept-encoding')
  if (length === null) return new Response(through(body, encoding.stream()), { status, headers: changed })
  const bytes = await encoding.whole(new Uint8Array(await response.arrayBuffer()))
  changed.set('content-length', String(bytes.length))
  return new Response(new Uint8Array(bytes), { status, headers: changed })
}

/** A compressed stream with the backpressure of the client; a failure of either end closes both. */
function through(body: ReadableStream, compressor: Transform): ReadableStream {
  pipeline(Readable.fromWeb(body as never), compressor, () => {})
  return Readable.toWeb(compressor) as ReadableStream
}
