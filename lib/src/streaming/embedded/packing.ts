import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Smaller chunks fit into a page of the table anyway. */
const LEAST_BYTES = 1024

/** The fastest of the ordinary levels: records in JSON repeat their field names, which the higher ones make no smaller. */
const PARAMS = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 }

/** The bytes of a chunk by zstd, or undefined where that saves less than an eighth. */
export function pack(bytes: Uint8Array): Buffer | undefined {
  if (bytes.length < LEAST_BYTES) return undefined
  const packed = zstdCompressSync(bytes, { params: PARAMS, chunkSize: bytes.length >> 2 })
  return packed.length <= bytes.length - (bytes.length >> 3) ? packed : undefined
}

/**
 * What was packed, of this many bytes.
 * @throws what zlib throws where it is damaged, and RangeError where it is of another length
 */
export function unpack(packed: Uint8Array, size: number): Buffer {
  // One piece of output: room for all of it, and a little more, since a full piece asks for the next.
  const bytes = zstdDecompressSync(packed, { chunkSize: size + 64, maxOutputLength: size })
  if (bytes.length !== size) throw new RangeError(`it is ${bytes.length} bytes long instead of ${size}`)
  return bytes
}
