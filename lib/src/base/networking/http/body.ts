import { pipeline, Readable, type Transform } from 'node:stream'
import zlib from 'node:zlib'
import { QiError } from '../../types/index.ts'

/** Content codings that are requested and understood. */
export const ACCEPT_ENCODING = 'gzip, br, zstd'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  br: zlib.createBrotliDecompress,
  zstd: zlib.createZstdDecompress,
  deflate: zlib.createInflate,
}

export interface BodyOptions {
  /** The header `content-encoding`. */
  readonly coding: string | undefined
  readonly maxBytes: number
  /** For messages. */
  readonly origin: string
}

/**
 * Unpacks a body as it is read. Bytes are counted before and after unpacking, so that neither a long body nor a zip bomb is held.
 * @throws QiError BAD_DATA beyond `maxBytes` and for an unknown coding; the errors of source and decoder
 */
export async function* readBody(source: Readable, { coding, maxBytes, origin }: BodyOptions): AsyncGenerator<Buffer> {
  const name = (coding ?? 'identity').trim().toLowerCase()
  const sent = counted(source, maxBytes, origin, '')
  if (name === 'identity' || name === '') return yield* sent
  const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (!decoder)
    throw new QiError(
      'BAD_DATA',
      `${origin}: its answer is packed as "${name.replace(/[^ -~]/g, '?').slice(0, 40)}", which was not asked for`,
    )
  const first = await sent.next()
  // An empty body needs no decoder, whatever the header says.
  if (first.done) return
  const packed = Readable.from(rejoined(first.value, sent))
  const unpacked = pipeline(packed, decoder(), () => {})
  yield* counted(unpacked, maxBytes, origin, ' unpacked')
}

async function* rejoined(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function* counted(source: AsyncIterable<Buffer>, max: number, origin: string, how: string): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > max) throw new QiError('BAD_DATA', `${origin}: its answer has more than ${max} bytes${how} and was not read on`)
    yield chunk
  }
}
