import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Smaller chunks are not compressed: they fit into a page of the table anyway. */
const LEAST_BYTES = 1024

/** The fastest regular level. Most of the gain is in JSON's repeated field names, and higher levels make those no smaller. */
const PARAMS = { [constants.ZSTD_c_compressionLevel]: 1 }

/** The bytes of a chunk compressed by zstd; undefined if that saves less than an eighth. */
export function compress(bytes: Uint8Array): Buffer | undefined {
  if (bytes.length < LEAST_BYTES) return undefined
  const packed = zstdCompressSync(bytes, { params: PARAMS, chunkSize: bytes.length >> 2 })
  return packed.length <= bytes.length - (bytes.length >> 3) ? packed : undefined
}

/** From this size on Node allocates a buffer by itself, not as a part of a shared pool. */
const OWN_BYTES = 64 * 1024
/** Room left in the output buffer: a full buffer makes zlib allocate another one. */
const SLACK = 64

/** CRC-32 of a chunk's stored bytes, as a signed integer like PostgreSQL's `integer`. */
export const checksumOf = (stored: Uint8Array): number => crc32(stored) | 0

/**
 * Decompresses into `target` at `start`.
 * @param size exact length of the decompressed bytes
 * @throws zlib's error if `packed` is damaged, and RangeError if it decompresses to another length
 */
export function decompressInto(target: Uint8Array, start: number, size: number, packed: Uint8Array): void {
  const bytes = zstdDecompressSync(packed, { chunkSize: size + SLACK, maxOutputLength: size })
  if (bytes.length !== size) throw new RangeError(`it is ${bytes.length} bytes long instead of ${size}`)
  target.set(bytes, start)
  // Frees the buffer now: the garbage collector would let many of them add up.
  if (size >= OWN_BYTES && bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength <= size + SLACK)
    bytes.buffer.transfer(0)
}
