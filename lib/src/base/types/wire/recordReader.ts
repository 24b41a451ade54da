import { EncodedBatch, type Headers } from '../contracts/batch.ts'
import { KeyCache } from './keyCache.ts'
import { type Releasable, SharedMemory } from './memory.ts'
import { malformed, VarintReader } from './varint.ts'

/** A run of records, in the layout of Kafka's record batch v2, that share a base offset and a base time. */
export interface RecordRun {
  readonly baseOffset: bigint
  /** Milliseconds since 1970. */
  readonly baseTimestamp: number
  readonly count: number
  /** The offset after its last, where that is not `baseOffset + count`: compaction leaves holes. */
  readonly nextOffset?: bigint
  /** Where its bytes start; left out where those of the run before end. */
  readonly start?: number
  /** Where its bytes end. */
  readonly end: number
  /** When all of them were appended, whatever each says; in milliseconds since 1970. */
  readonly appendedAt?: number
}

/** The offset after the last of a run. */
export const endOf = ({ baseOffset, count, nextOffset }: RecordRun): bigint => nextOffset ?? baseOffset + BigInt(count)

export interface ReadRecords {
  readonly topic: string
  readonly partition: number
  /** The buffer with the records of all runs, in offset order. The batches point into it. */
  readonly bytes: Buffer
  /** In offset order. */
  readonly runs: readonly RecordRun[]
  /** Records before this offset are skipped. */
  readonly from: bigint
  /** Records at and after this offset are skipped. */
  readonly until?: bigint
  /** Most bytes of records in one batch; a single larger record still comes. */
  readonly maxBytes: number
  /** Memory of `bytes`, released when all batches have been; left out where others read the same bytes. */
  readonly memory?: Releasable
}

const keys = new KeyCache()

/** Length, attributes, time, offset, key, value and headers take a byte each at least. */
export const LEAST_RECORD = 7

/**
 * The records as batches whose values lie in the given buffer; nothing is copied.
 * @throws QiError BAD_DATA if the bytes are no records
 */
export function readRecords(input: ReadRecords): EncodedBatch[] {
  const first = input.runs[0]
  if (!first) {
    input.memory?.release()
    return []
  }
  for (const [i, { start, end, count }] of input.runs.entries()) {
    const at = start ?? input.runs[i - 1]?.end ?? 0
    if (count < 0 || count * LEAST_RECORD > end - at) throw malformed(at)
  }
  const columns = new Columns(
    input.runs.reduce((sum, run) => sum + run.count, 0),
    first.baseOffset,
  )
  const reader = new VarintReader(input.bytes)
  const from = Number(input.from - first.baseOffset)
  const until = input.until === undefined ? Number.MAX_SAFE_INTEGER : Number(input.until - first.baseOffset)
  for (const run of input.runs) {
    const base = Number(run.baseOffset - first.baseOffset)
    if (run.start !== undefined) reader.at = run.start
    for (let i = 0; i < run.count; i++) readRecord(reader, run, base, columns, from, until)
    if (reader.at !== run.end) throw malformed(reader.at)
  }
  return columns.batches(input)
}

function readRecord(reader: VarintReader, run: RecordRun, base: number, columns: Columns, from: number, until: number): void {
  const start = reader.at
  const length = reader.varint()
  const end = reader.at + length
  if (length < 6 || end > run.end) throw malformed(start)
  reader.at++ // attributes: none are defined
  const delta = reader.varlong()
  const timestamp = run.appendedAt ?? run.baseTimestamp + delta
  const offset = base + reader.varint()
  if (offset < from || offset >= until) {
    reader.at = end
    return
  }
  const keyLength = reader.varint()
  const keyStart = reader.at
  reader.at += Math.max(keyLength, 0)
  const valueLength = reader.varint()
  const valueStart = reader.at
  reader.at += Math.max(valueLength, 0)
  if (!(reader.at < end)) throw malformed(start)
  const key = keyLength < 0 ? null : keys.text(reader.bytes as Buffer, keyStart, keyStart + keyLength)
  const headers = reader.varint()
  columns.add(offset, timestamp, start, valueStart, valueStart + Math.max(valueLength, 0), end, key)
  if (headers > 0) columns.headers[columns.length - 1] = readHeaders(reader, headers, end)
  if (reader.at !== end) throw malformed(start)
}

function readHeaders(reader: VarintReader, count: number, end: number): Headers {
  const headers: Record<string, string> = {}
  for (let i = 0; i < count; i++) {
    const name = readText(reader, end)
    headers[name] = readText(reader, end)
  }
  return headers
}

function readText(reader: VarintReader, end: number): string {
  const length = Math.max(reader.varint(), 0)
  const start = reader.at
  reader.at += length
  if (!(reader.at <= end)) throw malformed(start)
  return (reader.bytes as Buffer).toString('utf8', start, reader.at)
}

/** The whole as it is: a part of a small array makes both of them live outside of the heap. */
const part = <T extends Int32Array | Float64Array>(array: T, from: number, to: number): T =>
  from === 0 && to === array.length ? array : (array.subarray(from, to) as T)

/** Columns of more records than this are not kept for the next read. */
const MOST_KEPT = 64 * 1024
/** Columns that no batch keeps, used again by every read. */
let reused = { offsets: new Float64Array(0), bounds: new Int32Array(0) }

function reusedColumns(capacity: number): typeof reused {
  if (capacity <= reused.offsets.length) return reused
  const size = Math.max(capacity, Math.min(2 * reused.offsets.length, MOST_KEPT))
  const larger = { offsets: new Float64Array(size), bounds: new Int32Array(2 * size) }
  if (size <= MOST_KEPT) reused = larger
  return larger
}

/** Fields of the records, a column each, so that a record costs no object. */
class Columns {
  length = 0
  /** Of full length from the beginning: one that grows leaves three times its size to the collector. */
  readonly keys: (string | null)[]
  readonly headers: (Headers | undefined)[] = []
  readonly #base: bigint
  readonly #offsets: Float64Array
  readonly #timestamps: Float64Array
  readonly #spans: Int32Array
  /** Start and end of the whole record. */
  readonly #bounds: Int32Array

  constructor(capacity: number, base: bigint) {
    this.#base = base
    this.keys = new Array(capacity)
    const { offsets, bounds } = reusedColumns(capacity)
    this.#offsets = offsets
    this.#bounds = bounds
    this.#timestamps = new Float64Array(capacity)
    this.#spans = new Int32Array(2 * capacity)
  }

  add(
    offset: number,
    timestamp: number,
    start: number,
    valueStart: number,
    valueEnd: number,
    end: number,
    key: string | null,
  ): void {
    const i = this.length++
    this.#offsets[i] = offset
    this.#timestamps[i] = timestamp
    this.#bounds[2 * i] = start
    this.#spans[2 * i] = valueStart
    this.#spans[2 * i + 1] = valueEnd
    this.#bounds[2 * i + 1] = end
    this.keys[i] = key
  }

  batches(input: ReadRecords): EncodedBatch[] {
    const ends: number[] = []
    for (let i = 0; i < this.length; ) {
      const start = this.#bounds[2 * i] as number
      let end = i + 1
      while (end < this.length && (this.#bounds[2 * end + 1] as number) - start <= input.maxBytes) end++
      ends.push(end)
      i = end
    }
    if (ends.length === 0) input.memory?.release()
    const memory = new SharedMemory([this.#timestamps, this.#spans], ends.length, input.memory)
    return ends.map((end, i) => this.#batch(input, i === 0 ? 0 : (ends[i - 1] as number), end, memory))
  }

  #batch({ topic, partition, bytes }: ReadRecords, from: number, to: number, memory: SharedMemory): EncodedBatch {
    const start = this.#bounds[2 * from] as number
    const spans = part(this.#spans, 2 * from, 2 * to)
    if (start > 0) for (let i = 0; i < spans.length; i++) spans[i] = (spans[i] as number) - start
    const first = this.#offsets[from] as number
    const last = this.#offsets[to - 1] as number
    return new EncodedBatch({
      topic,
      partition,
      firstOffset: this.#base + BigInt(first),
      nextOffset: this.#base + BigInt(last + 1),
      bytes: bytes.subarray(start, this.#bounds[2 * to - 1]),
      spans,
      keys: from === 0 && to === this.keys.length ? this.keys : this.keys.slice(from, to),
      timestamps: part(this.#timestamps, from, to),
      memory,
      ...(last - first + 1 === to - from
        ? {}
        : { offsetDeltas: Int32Array.from({ length: to - from }, (_, i) => (this.#offsets[from + i] as number) - first) }),
      ...(this.headers.length ? { headers: this.headers.slice(from, to) } : {}),
    })
  }
}
