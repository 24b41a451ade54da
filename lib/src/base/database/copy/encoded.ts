import {
  admit,
  type CalendarOf,
  CLOCK_SLACK,
  type EncodedBatch,
  type Failure,
  type Micros,
  type RecordType,
  toQiError,
} from '../../types/index.ts'
import { freeMemory } from '../../types/wire/index.ts'
import { type SeriesNumbers, UnknownSeries } from '../series/SeriesNumbers.ts'
import type { TableSpec } from '../tables/tables.ts'
import { BufferPool } from './BufferPool.ts'
import { PIECE, type RowPiece, type RowSource } from './batch.ts'
import { orderByKey, type ScanOrder } from './order.ts'
import { type CopyRows, RowEncoder } from './rows.ts'
import { ScanSource } from './scan/cursor.ts'
import { RowScanner } from './scan/RowScanner.ts'
import { since2000 } from './scan/time.ts'

const ONE = new Int32Array(1)

/** Turns encoded records of one type into binary COPY rows: by the scanner (fast lane), or by decoding if the scanner is not certain. */
export class EncodedRows {
  readonly #type: RecordType
  readonly #scanner: RowScanner
  readonly #numbers: SeriesNumbers | undefined
  readonly #encoder: RowEncoder
  readonly #now: () => Micros
  readonly #calendarOf: CalendarOf | undefined
  readonly #buffers = new BufferPool()
  #slow = 0

  /**
   * @param numbers series numbers, if the table is keyed by them
   * @param now the database's clock: a record further ahead of it than its type allows is refused
   * @param calendarOf calendars that decide when a bar is over; default: at the end of its timeframe
   */
  constructor(
    type: RecordType,
    table: TableSpec,
    numbers: SeriesNumbers | undefined,
    now: () => Micros,
    calendarOf?: CalendarOf,
  ) {
    this.#now = now
    this.#calendarOf = calendarOf
    this.#type = type
    this.#numbers = numbers
    this.#scanner = new RowScanner(type, table, numbers)
    this.#encoder = new RowEncoder(table, numbers)
  }

  /** Number of records that took the slow way so far. */
  get slow(): number {
    return this.#slow
  }

  /**
   * Opens the batches as a source of rows, made while they are sent, rows of one series next to each other. Invalid records are left out
   * and reported in `failed`.
   * @param first index of the first record; indexes count through the batches
   */
  open(batches: readonly EncodedBatch[], first = 0): ScannedRows {
    return new ScannedRows(batches, first, this.#buffers, this.#scan)
  }

  /** Appends the rows of the records between two places in the order. */
  readonly #scan = (made: MadeRows, { batches, sources, firsts, order }: Scanned, from: number, to: number): void => {
    const { cursor, rowBytes } = this.#scanner
    this.#scanner.latest = since2000(this.#now() + Math.min(this.#type.ahead, CLOCK_SLACK))
    cursor.write(made.out, made.bytes)
    for (let at = from; at < to; at++) {
      const b = order.batches[at] as number
      const i = order.indexes[at] as number
      const batch = batches[b] as EncodedBatch
      const index = (firsts[b] as number) + i
      cursor.read(sources[b] as ScanSource)
      cursor.reserve(rowBytes)
      const { spans } = batch
      if (
        !this.#scanner.scan(spans[2 * i] as number, spans[2 * i + 1] as number) &&
        !this.#decodeAndEncode(batch, i, index, made)
      )
        continue
      made.records[made.length++] = index
      made.starts[made.length] = cursor.to
    }
    made.out = cursor.out
    made.bytes = cursor.to
    for (const key of this.#scanner.takeUnknown()) made.unknown.add(key)
  }

  /** Slow way: decodes the record, then encodes it as any other; its error is the one reported. */
  #decodeAndEncode(batch: EncodedBatch, i: number, index: number, made: MadeRows): boolean {
    this.#slow++
    const { cursor } = this.#scanner
    try {
      const record = admit(this.#type, this.#type.decode(batch.value(i)), this.#now(), this.#calendarOf)
      const key = this.#numbers?.keyOfRecord(record)
      if (this.#numbers?.mustLearn(key)) {
        made.unknown.add(key)
        return false
      }
      const { rows, failed: refused } = this.#encoder.encode([record], ONE)
      if (refused[0]) throw refused[0].error
      cursor.reserve(rows.bytes.length)
      rows.bytes.copy(cursor.out, cursor.to)
      cursor.to += rows.bytes.length
      return true
    } catch (error) {
      made.failed.push({ index, error: toQiError(error) })
      return false
    }
  }
}

interface Scanned {
  readonly batches: readonly EncodedBatch[]
  readonly sources: readonly ScanSource[]
  /** Index of the first record of each batch. */
  readonly firsts: readonly number[]
  readonly order: ScanOrder
}

/** The rows made so far. */
interface MadeRows {
  out: Buffer
  /** Number of bytes written to `out`. */
  bytes: number
  length: number
  readonly starts: Int32Array
  readonly records: Int32Array
  readonly failed: Failure[]
  /** Series without a known number; their records have no row yet. */
  readonly unknown: Set<string>
}

type Scan = (made: MadeRows, scanned: Scanned, from: number, to: number) => void

/** Makes rows piece by piece: the server works on one piece while the next is scanned. */
export class ScannedRows implements RowSource {
  readonly length: number
  readonly #scanned: Scanned
  readonly #buffers: BufferPool
  readonly #scan: Scan
  readonly #made: MadeRows
  #next = 0

  constructor(batches: readonly EncodedBatch[], first: number, buffers: BufferPool, scan: Scan) {
    const order = orderByKey(batches)
    let at = first
    const firsts = batches.map((batch) => {
      at += batch.length
      return at - batch.length
    })
    this.length = order.length
    this.#scanned = { batches, sources: batches.map(({ bytes }) => new ScanSource(bytes)), firsts, order }
    this.#buffers = buffers
    this.#scan = scan
    const starts = new Int32Array(order.length + 1)
    this.#made = {
      // Rows are usually smaller than their JSON; else the buffer grows.
      out: buffers.take(batches.reduce((sum, { bytes }) => sum + bytes.length, 0)),
      bytes: 0,
      length: 0,
      starts,
      records: new Int32Array(order.length),
      failed: [],
      unknown: new Set(),
    }
  }

  /** Invalid records; complete after all pieces were read. */
  get failed(): readonly Failure[] {
    return this.#made.failed
  }

  *pieces(): Generator<RowPiece> {
    let sent = 0
    do {
      const made = this.#made
      if (sent === made.bytes) this.#scanNext()
      yield { bytes: made.out.subarray(sent, made.bytes) }
      sent = made.bytes
    } while (this.#next < this.length)
  }

  all(): CopyRows {
    while (this.#next < this.length) this.#scanNext()
    return this.#rows()
  }

  /** Releases the buffers for reuse. Call it when nobody reads the rows any more. */
  release(): void {
    const { out, starts, records } = this.#made
    this.#buffers.give(out)
    for (const array of [starts, records, this.#scanned.order.memory]) freeMemory(array)
  }

  /** @throws UnknownSeries with all series of all rows that lack a number; scanning then restarts at the first row */
  #scanNext(): void {
    const to = Math.min(this.#next + PIECE, this.length)
    this.#scan(this.#made, this.#scanned, this.#next, to)
    this.#next = to
    const made = this.#made
    if (made.unknown.size === 0) return
    this.#scan(made, this.#scanned, to, this.length)
    const unknown = new Set(made.unknown)
    made.unknown.clear()
    made.failed.length = 0
    made.bytes = 0
    made.length = 0
    this.#next = 0
    throw new UnknownSeries(unknown)
  }

  #rows(): CopyRows {
    const { out, bytes, length, starts, records } = this.#made
    return { bytes: out.subarray(0, bytes), starts, records, length }
  }
}
