import { zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { QiError } from '../../base/index.ts'

const ZSTD = 4
const KIB = 1024
/** What unpacking allocates at a time, whatever a header claims. */
const MOST_AT_ONCE = 16 * KIB * KIB

/**
 * What a compressed batch holds.
 * @param compression as its attributes name it: 1 gzip, 2 snappy, 3 lz4, 4 zstd
 * @throws QiError UNSUPPORTED for another; BAD_DATA for bytes that are damaged
 */
export function unpack(packed: Buffer, compression: number): Buffer {
  const algorithm = compressionsAlgorithmsByBitmask[compression]
  if (!algorithm) throw new QiError('UNSUPPORTED', `no compression is known by the number ${compression}`)
  try {
    return compression === ZSTD ? unpackZstd(packed) : algorithm.decompressSync(packed)
  } catch (error) {
    throw new QiError('BAD_DATA', `a batch compressed by number ${compression} cannot be unpacked`, { cause: error })
  }
}

/** Into one buffer of the size that its frame tells: by default Node collects pieces of 16 KiB and joins them. */
function unpackZstd(packed: Buffer): Buffer {
  const size = contentSize(packed) ?? 8 * packed.length
  // One byte more than comes out, or room for a further piece would be made.
  return zstdDecompressSync(packed, { chunkSize: Math.min(Math.max(size, KIB) + 1, MOST_AT_ONCE) })
}

/** How much a zstd frame holds, where it says so (RFC 8878, section 3.1.1.1). */
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
