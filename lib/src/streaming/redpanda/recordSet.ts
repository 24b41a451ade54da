import { crc32c } from '@platformatic/kafka'
import { errorMessage } from '../../base/index.ts'
import { type CheckedRun, type Damage, freeMemory } from '../../base/types/wire/index.ts'
import { type AbortedTransaction, AbortedTransactions } from './transactions.ts'
import { unpack } from './unpack.ts'

/** Where the fields of a record batch (v2, the only one since Kafka 0.11) are. */
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
/** Bytes of a batch that its length does not count. */
const BEFORE_LENGTH = 12

/** Most that a batch can claim to be: Kafka's largest message is a gibibyte. */
const MOST_BYTES = 2 ** 30

/** Batches smaller than this are brought together: a batch of its own costs as much as copying it. */
const LITTLE_BYTES = 64 * 1024

const COMPRESSION = 0b111
const LOG_APPEND_TIME = 1 << 3
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5

/** Messages that lie in one buffer. */
export interface RecordBuffer {
  readonly bytes: Buffer
  readonly runs: readonly CheckedRun[]
  /** The buffer was made for these messages; otherwise it is the record set's own. */
  readonly owned: boolean
}

/** What a set of record batches holds. */
export interface RecordSet {
  /** In offset order. */
  readonly buffers: readonly RecordBuffer[]
  /** Where to read on: past batches that hold no messages too. */
  readonly nextOffset: bigint
  /** The first offset whose bytes are not what their checksum says, which a second fetch may mend. */
  readonly suspect: bigint | undefined
}

interface Piece {
  readonly bytes: Buffer
  readonly unpacked: boolean
  readonly baseOffset: bigint
  readonly baseTimestamp: number
  readonly appendedAt: number | undefined
  readonly count: number
  nextOffset: bigint
  readonly damage?: Damage
}

/**
 * The record batches of one partition as a broker sent them, checked against their checksums. What is not compressed stays where
 * it is. A batch that is cut off at the end is left for the next fetch, and so is what comes after `enough` unpacked bytes: a few
 * bytes may hold any number of them. Markers of transactions and what was aborted are left out. A batch that is damaged, or of an
 * older format, is a run of its own that says so, and ends where the next sound one begins.
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
  let unpacked = 0
  let suspect: bigint | undefined
  let broken: Piece | undefined
  for (let at = 0; set.length - at >= HEADER && unpacked < enough; ) {
    const length = set.readInt32BE(at + LENGTH)
    const end = at + BEFORE_LENGTH + length
    const misplaced = length < HEADER - BEFORE_LENGTH || length > MOST_BYTES
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
      if (misplaced) break // Where the next batch begins is not known: it is fetched by its offset.
      at = end
      continue
    }
    // A sound batch says where the damaged one before it ended.
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
        const bytes = attributes & COMPRESSION && records.length > 0 ? unpack(records, attributes & COMPRESSION) : records
        if (bytes !== records) unpacked += bytes.length
        pieces.push({ ...piece, bytes, unpacked: bytes !== records })
      } catch (error) {
        pieces.push(damagedPiece(records, baseOffset, next, errorMessage(error)))
      }
    }
    if (next > nextOffset) nextOffset = next
    at = end
  }
  const inPlace = { bytes: set, owned: false, runs: pieces.map((piece) => run(piece, piece.bytes.byteOffset - set.byteOffset)) }
  return { buffers: compressed ? unpackedBuffers(pieces) : [inPlace], nextOffset, suspect }
}

/**
 * Where a damaged batch ends, whose header may be damaged too: as it says where two of its fields agree. Else by one offset, at
 * which the broker gives the same batch again, until a sound one behind it tells.
 */
function believedEnd(set: Buffer, at: number, from: bigint): bigint {
  const lastDelta = set.readInt32BE(at + LAST_OFFSET_DELTA)
  const end = set.readBigInt64BE(at) + BigInt(lastDelta) + 1n
  return lastDelta >= 0 && set.readInt32BE(at + COUNT) === lastDelta + 1 && end > from ? end : from + 1n
}

const damagedPiece = (bytes: Buffer, baseOffset: bigint, nextOffset: bigint, reason: string): Piece => ({
  bytes: bytes.subarray(0, 0),
  unpacked: false,
  baseOffset,
  nextOffset,
  baseTimestamp: 0,
  appendedAt: undefined,
  count: 0,
  damage: { reason, bytes: Buffer.from(bytes) },
})

/** Each piece in the buffer that it was unpacked to; small ones are joined. */
function unpackedBuffers(pieces: readonly Piece[]): RecordBuffer[] {
  const buffers: RecordBuffer[] = []
  let little: Piece[] = []
  let size = 0
  const flush = () => {
    if (little.length > 0) buffers.push(joined(little))
    little = []
    size = 0
  }
  for (const piece of pieces) {
    if (size + piece.bytes.length > LITTLE_BYTES) flush()
    little.push(piece)
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
  if (first && pieces.length === 1) return { bytes: first.bytes, owned: first.unpacked, runs }
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes))
  for (const piece of pieces) if (piece.unpacked) freeMemory(piece.bytes)
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
