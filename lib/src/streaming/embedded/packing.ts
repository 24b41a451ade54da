import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Smaller chunks fit into a page of the table anyway. */
const LEAST_BYTES = 1024

/** The fastest of the ordinary levels: records in JSON repeat their field names, which the higher ones make no smaller. */
const PARAMS = { [constants.ZSTD_c_compressionLevel]: 1 }

/** The bytes of a chunk by zstd, or undefined where that saves less than an eighth. */
export function pack(bytes: Uint8Array): Buffer | undefined {
  if (bytes.length < LEAST_BYTES) return undefined
  const packed = zstdCompressSync(bytes, { params: PARAMS, chunkSize: bytes.length >> 2 })
  return packed.length <= bytes.length - (bytes.length >> 3) ? packed : undefined
}

/** Of this many bytes a buffer is its own, and no part of one that others have parts of. */
const OWN_BYTES = 64 * 1024
/** A full piece of output asks for the next. */
const SLACK = 64

/** CRC-32 of a chunk as it is stored, as a signed integer: what PostgreSQL's `integer` holds. */
export const checksumOf = (stored: Uint8Array): number => crc32(stored) | 0

/**
 * Unpacks into the target what is that long when unpacked.
 * @throws what zlib throws where it is damaged, and RangeError where it is of another length
 */
export function unpackInto(target: Uint8Array, start: number, size: number, packed: Uint8Array): void {
  const bytes = zstdDecompressSync(packed, { chunkSize: size + SLACK, maxOutputLength: size })
  if (bytes.length !== size) throw new RangeError(`it is ${bytes.length} bytes long instead of ${size}`)
  target.set(bytes, start)
  // The collector would let many of them add up.
  if (size >= OWN_BYTES && bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength <= size + SLACK)
    bytes.buffer.transfer(0)
}
