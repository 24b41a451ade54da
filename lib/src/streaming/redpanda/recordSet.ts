import { crc32c } from '@platformatic/kafka'
import { QiError } from '../../base/index.ts'
import type { RecordRun } from '../../base/types/wire/index.ts'
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

/** Batches smaller than this are brought together: a batch of its own costs as much as copying it. */
const LITTLE_BYTES = 64 * 1024

const COMPRESSION = 0b111
const LOG_APPEND_TIME = 1 << 3
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5

/** Messages that lie in one buffer. */
export interface RecordBuffer {
  readonly bytes: Buffer
  readonly runs: readonly RecordRun[]
  /** They were unpacked into it, and nothing else was. */
  readonly owned: boolean
}

/** What a set of record batches holds. */
export interface RecordSet {
  /** In offset order. */
  readonly buffers: readonly RecordBuffer[]
  /** Where to read on: past batches that hold no messages too. */
  readonly nextOffset: bigint
}

interface Piece {
  readonly bytes: Buffer
  readonly baseOffset: bigint
  readonly baseTimestamp: number
  readonly appendedAt: number | undefined
  readonly count: number
}

/**
 * The record batches of one partition as a broker sent them, checked against their checksums. What is not compressed stays where
 * it is. A batch that is cut off at the end is left for the next fetch, and so is what comes after `enough` unpacked bytes: a few
 * bytes may hold any number of them. Markers of transactions and what was aborted are left out.
 * @throws QiError BAD_DATA for bytes that are damaged; UNSUPPORTED for batches of an older format
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
  for (let at = 0; set.length - at >= HEADER && unpacked < enough; ) {
    const end = at + BEFORE_LENGTH + set.readInt32BE(at + LENGTH)
    if (end > set.length) break
    const baseOffset = set.readBigInt64BE(at)
    if (set[at + MAGIC] !== 2)
      throw new QiError(
        'UNSUPPORTED',
        `the batch at offset ${baseOffset} has format ${set[at + MAGIC]}; only format 2 can be read`,
      )
    if (end < at + HEADER || crc32c(set.subarray(at + ATTRIBUTES, end)) !== set.readUInt32BE(at + CRC))
      throw new QiError('BAD_DATA', `the batch at offset ${baseOffset} is damaged: its checksum is wrong`)
    const attributes = set.readInt16BE(at + ATTRIBUTES)
    const producer = set.readBigInt64BE(at + PRODUCER_ID)
    const records = set.subarray(at + HEADER, end)
    if (attributes & CONTROL) transactions.marker(producer)
    else if (!(attributes & TRANSACTIONAL) || !transactions.holds(producer, baseOffset)) {
      compressed ||= (attributes & COMPRESSION) !== 0
      const bytes = attributes & COMPRESSION && records.length > 0 ? unpack(records, attributes & COMPRESSION) : records
      if (bytes !== records) unpacked += bytes.length
      pieces.push({
        bytes,
        baseOffset,
        baseTimestamp: Number(set.readBigInt64BE(at + BASE_TIMESTAMP)),
        appendedAt: attributes & LOG_APPEND_TIME ? Number(set.readBigInt64BE(at + MAX_TIMESTAMP)) : undefined,
        count: set.readInt32BE(at + COUNT),
      })
    }
    const next = baseOffset + BigInt(set.readInt32BE(at + LAST_OFFSET_DELTA)) + 1n
    if (next > nextOffset) nextOffset = next
    at = end
  }
  const inPlace = { bytes: set, owned: false, runs: pieces.map((piece) => run(piece, piece.bytes.byteOffset - set.byteOffset)) }
  return { buffers: compressed ? unpackedBuffers(pieces) : [inPlace], nextOffset }
}

/** Each in the buffer that it was unpacked to; little ones are brought together. */
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
  return {
    bytes: first && pieces.length === 1 ? first.bytes : Buffer.concat(pieces.map(({ bytes }) => bytes)),
    owned: true,
    runs,
  }
}

const run = ({ bytes, baseOffset, baseTimestamp, appendedAt, count }: Piece, start: number): RecordRun => ({
  baseOffset,
  baseTimestamp,
  count,
  start,
  end: start + bytes.length,
  ...(appendedAt === undefined ? {} : { appendedAt }),
})
