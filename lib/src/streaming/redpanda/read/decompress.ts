import { zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { QiError } from '../../../base/types/index.ts'

const ZSTD = 4
const KIB = 1024
/** Most bytes allocated at a time, whatever size a header claims. */
const MAX_CHUNK_BYTES = 16 * KIB * KIB

/**
 * Decompresses the records of a batch.
 * @param compression as in its attributes: 1 gzip, 2 snappy, 3 lz4, 4 zstd
 * @throws QiError UNSUPPORTED for another number; BAD_DATA for damaged bytes
 */
export function decompress(compressed: Buffer, compression: number): Buffer {
  const algorithm = compressionsAlgorithmsByBitmask[compression]
  if (!algorithm) throw new QiError('UNSUPPORTED', `compression number ${compression} is unknown`)
  try {
    return compression === ZSTD ? decompressZstd(compressed) : algorithm.decompressSync(compressed)
  } catch (error) {
    throw new QiError('BAD_DATA', `a batch with compression number ${compression} cannot be decompressed`, { cause: error })
  }
}

/** Decompresses into one buffer of the size given in the frame: by default Node collects pieces of 16 KiB and joins them. */
function decompressZstd(compressed: Buffer): Buffer {
  const size = contentSize(compressed) ?? 8 * compressed.length
  // One byte more than needed: a full buffer makes zlib allocate another one.
  return zstdDecompressSync(compressed, { chunkSize: Math.min(Math.max(size, KIB) + 1, MAX_CHUNK_BYTES) })
}

/** The decompressed size of a zstd frame, if its header gives it (RFC 8878, section 3.1.1.1). */
function contentSize(frame: Buffer): number | undefined {
  const HEADER = 5
  if (frame.length < HEADER + 13) return undefined
  const descriptor = frame[4] as number
  const single = (descriptor & 0x20) !== 0
  const at = HEADER + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number)
  switch (descriptor >> 6) {
    case 0:
      return single ? frame[at] : undefined
    case 1:
      return frame.readUInt16LE(at) + 256
    case 2:
      return frame.readUInt32LE(at)
    default:
      return Number(frame.readBigUInt64LE(at))
  }
}
