import { crc32c } from '@platformatic/kafka'
import { errorMessage } from '../../../base/types/index.ts'
import { type CheckedRun, type Damage, freeMemory } from '../../../base/types/wire/index.ts'
import { type AbortedTransaction, AbortedTransactions } from './AbortedTransactions.ts'
import { decompress } from './decompress.ts'

/** Byte positions of the fields of a record batch (format 2, the only one since Kafka 0.11). */
const LENGTH = 8
const MAGIC = 16
const CRC = 17
const ATTRIBUTES = 21
const LAST_OFFSET_DELTA = 23
const BASE_TIMESTAMP = 27
const MAX_TIMESTAMP = 35
const PRODUCER_ID = 43
const COUNT = 57
const HEADER = 61
/** Bytes of a batch that its length field does not count. */
const BEFORE_LENGTH = 12

/** Largest length that a batch may claim: Kafka's largest message has 1 GiB. */
const MAX_BATCH_BYTES = 2 ** 30

/** Decompressed batches are joined up to this size, because a separate buffer costs as much as copying a small one. */
const JOIN_BYTES = 64 * 1024

const COMPRESSION = 0b111
const LOG_APPEND_TIME = 1 << 3
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5

/** Messages in one buffer. */
export interface RecordBuffer {
  readonly bytes: Buffer
  readonly runs: readonly CheckedRun[]
  /** True if the buffer was allocated for these messages; false if it is the record set's own. */
  readonly owned: boolean
}

/** The messages of a set of record batches. */
export interface RecordSet {
  /** In offset order. */
  readonly buffers: readonly RecordBuffer[]
  /** The next offset to fetch: beyond batches without messages too. */
  readonly nextOffset: bigint
  /** The first offset of the first damaged batch; a second fetch may bring it undamaged. */
  readonly suspect: bigint | undefined
}

interface Piece {
  readonly bytes: Buffer
  readonly decompressed: boolean
  readonly baseOffset: bigint
  readonly baseTimestamp: number
  readonly appendedAt: number | undefined
  readonly count: number
  nextOffset: bigint
  readonly damage?: Damage
}

/**
 * Reads the record batches of one partition as a broker sent them, and checks their checksums. Uncompressed records are not
 * copied. A truncated batch at the end is left for the next fetch. Transaction markers and aborted batches are left out. A damaged
 * batch, or one of an older format, becomes a run with `damage`, which ends where the next undamaged batch begins.
 * @param from the offset that was asked for
 * @param enough decompressed bytes after which the rest is left for the next fetch, because a few bytes may decompress to many
 */
export function readRecordSet(
  set: Buffer,
  from: bigint,
  aborted: readonly AbortedTransaction[] = [],
  enough = Number.POSITIVE_INFINITY,
): RecordSet {
  const pieces: Piece[] = []
  const transactions = new AbortedTransactions(aborted)
  let nextOffset = from
  let compressed = false
  let decompressed = 0
  let suspect: bigint | undefined
  let broken: Piece | undefined
  for (let at = 0; set.length - at >= HEADER && decompressed < enough; ) {
    const length = set.readInt32BE(at + LENGTH)
    const end = at + BEFORE_LENGTH + length
    const misplaced = length < HEADER - BEFORE_LENGTH || length > MAX_BATCH_BYTES
    if (end > set.length && !misplaced) break
    const baseOffset = set.readBigInt64BE(at)
    const format = set[at + MAGIC]
    const reason =
      format !== 2
        ? `it has format ${format}, and only format 2 can be read`
        : misplaced
          ? `it claims to be ${length} bytes long`
          : crc32c(set.subarray(at + ATTRIBUTES, end)) !== set.readUInt32BE(at + CRC)
            ? 'its checksum is wrong'
            : undefined
    if (reason !== undefined) {
      suspect ??= nextOffset
      const next = believedEnd(set, at, nextOffset)
      broken = damagedPiece(set.subarray(at, misplaced ? set.length : end), nextOffset, next, reason)
      pieces.push(broken)
      nextOffset = next
      if (misplaced) break // The next batch cannot be found in this set; it is fetched by its offset.
      at = end
      continue
    }
    // The base of an undamaged batch is the end of the damaged one before it.
    if (broken && baseOffset > broken.baseOffset) {
      broken.nextOffset = baseOffset
      nextOffset = baseOffset
    }
    broken = undefined
    const attributes = set.readInt16BE(at + ATTRIBUTES)
    const producer = set.readBigInt64BE(at + PRODUCER_ID)
    const records = set.subarray(at + HEADER, end)
    const next = baseOffset + BigInt(set.readInt32BE(at + LAST_OFFSET_DELTA)) + 1n
    if (attributes & CONTROL) transactions.marker(producer)
    else if (!(attributes & TRANSACTIONAL) || !transactions.holds(producer, baseOffset)) {
      const piece = {
        baseOffset,
        baseTimestamp: Number(set.readBigInt64BE(at + BASE_TIMESTAMP)),
        appendedAt: attributes & LOG_APPEND_TIME ? Number(set.readBigInt64BE(at + MAX_TIMESTAMP)) : undefined,
        count: set.readInt32BE(at + COUNT),
        nextOffset: next,
      }
      compressed ||= (attributes & COMPRESSION) !== 0
      try {
        const bytes = attributes & COMPRESSION && records.length > 0 ? decompress(records, attributes & COMPRESSION) : records
        if (bytes !== records) decompressed += bytes.length
        pieces.push({ ...piece, bytes, decompressed: bytes !== records })
      } catch (error) {
        pieces.push(damagedPiece(records, baseOffset, next, errorMessage(error)))
      }
    }
    if (next > nextOffset) nextOffset = next
    at = end
  }
  const inPlace = { bytes: set, owned: false, runs: pieces.map((piece) => run(piece, piece.bytes.byteOffset - set.byteOffset)) }
  return { buffers: compressed ? decompressedBuffers(pieces) : [inPlace], nextOffset, suspect }
}

/**
 * The offset after a damaged batch. Its header may be damaged too, so it is believed only if two of its fields agree. Otherwise one
 * offset is skipped; the broker then sends the same batch again, until an undamaged one follows it.
 */
function believedEnd(set: Buffer, at: number, from: bigint): bigint {
  const lastDelta = set.readInt32BE(at + LAST_OFFSET_DELTA)
  const end = set.readBigInt64BE(at) + BigInt(lastDelta) + 1n
  return lastDelta >= 0 && set.readInt32BE(at + COUNT) === lastDelta + 1 && end > from ? end : from + 1n
}

const damagedPiece = (bytes: Buffer, baseOffset: bigint, nextOffset: bigint, reason: string): Piece => ({
  bytes: bytes.subarray(0, 0),
  decompressed: false,
  baseOffset,
  nextOffset,
  baseTimestamp: 0,
  appendedAt: undefined,
  count: 0,
  damage: { reason, bytes: Buffer.from(bytes) },
})

/** One buffer for each decompressed piece; small ones are joined. */
function decompressedBuffers(pieces: readonly Piece[]): RecordBuffer[] {
  const buffers: RecordBuffer[] = []
  let small: Piece[] = []
  let size = 0
  const flush = () => {
    if (small.length > 0) buffers.push(joined(small))
    small = []
    size = 0
  }
  for (const piece of pieces) {
    if (size + piece.bytes.length > JOIN_BYTES) flush()
    small.push(piece)
    size += piece.bytes.length
  }
  flush()
  return buffers
}

function joined(pieces: readonly Piece[]): RecordBuffer {
  let start = 0
  const runs = pieces.map((piece) => {
    const made = run(piece, start)
    start = made.end
    return made
  })
  const [first] = pieces
  if (first && pieces.length === 1) return { bytes: first.bytes, owned: first.decompressed, runs }
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes))
  for (const piece of pieces) if (piece.decompressed) freeMemory(piece.bytes)
  return { bytes, owned: true, runs }
}

const run = ({ bytes, baseOffset, baseTimestamp, appendedAt, count, nextOffset, damage }: Piece, start: number): CheckedRun => ({
  baseOffset,
  baseTimestamp,
  count,
  nextOffset,
  start,
  end: start + bytes.length,
  ...(appendedAt === undefined ? {} : { appendedAt }),
  ...(damage && { damage }),
})
