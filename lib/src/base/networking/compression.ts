import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { countOf, errorMessage, QiError } from '../types/index.ts'

/** By their names in HTTP. */
export const CODINGS = ['gzip', 'br', 'zstd', 'deflate', 'identity'] as const
export type Coding = (typeof CODINGS)[number]

type Codec = (data: Uint8Array, options: { maxOutputLength?: number }) => Promise<Buffer>

const pass: Codec = async (data) => Buffer.from(data)

const ENCODERS: Readonly<Record<Coding, Codec>> = {
  gzip: promisify(zlib.gzip),
  br: promisify(zlib.brotliCompress),
  zstd: promisify(zlib.zstdCompress),
  deflate: promisify(zlib.deflate),
  identity: pass,
}

const DECODERS: Readonly<Record<Coding, Codec>> = {
  gzip: promisify(zlib.gunzip),
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
  deflate: promisify(zlib.inflate),
  identity: pass,
}

/** More than any known answer; a few kilobytes can unpack to gigabytes. */
const MOST_BYTES = 64 * 1024 * 1024

export const isCoding = (name: string): name is Coding => (CODINGS as readonly string[]).includes(name)

/** @throws QiError UNSUPPORTED for an unknown name */
export async function compress(coding: string, data: Uint8Array): Promise<Buffer> {
  return ENCODERS[known(coding)](data, {})
}

/**
 * @param maxBytes the most that may come out; default 64 MiB
 * @throws QiError BAD_DATA if more would come out, or the data is damaged; UNSUPPORTED for an unknown name
 */
export async function decompress(coding: string, data: Uint8Array, maxBytes = MOST_BYTES): Promise<Buffer> {
  const name = known(coding)
  try {
    const unpacked = await DECODERS[name](data, { maxOutputLength: maxBytes })
    if (unpacked.length > maxBytes) throw tooLarge(name, data, maxBytes)
    return unpacked
  } catch (error) {
    if (error instanceof QiError) throw error
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(name, data, maxBytes)
    throw new QiError('BAD_DATA', `${countOf(data.length, 'byte')} of ${name} cannot be unpacked: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}

function known(coding: string): Coding {
  // `x-gzip` is gzip, by RFC 9110, section 8.4.1.3.
  const name = coding.trim().toLowerCase().replace(/^x-/, '')
  if (isCoding(name)) return name
  throw new QiError('UNSUPPORTED', `unknown compression "${coding}"; known: ${CODINGS.join(', ')}`)
}

const tooLarge = (name: string, data: Uint8Array, maxBytes: number): QiError =>
  new QiError('BAD_DATA', `${countOf(data.length, 'byte')} of ${name} unpack to more than ${maxBytes} bytes`)
