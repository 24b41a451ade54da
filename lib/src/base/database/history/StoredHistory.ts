import { QiError, type RecordType } from '../../types/index.ts'
import { type ConnectOptions, type Pool, withClient } from '../connections/pool.ts'
import { type RowReader, readTime } from '../reading/RowReader.ts'
import { SERIES_NAMES } from '../tables/tables.ts'
import { type CopiedText, copyText, FRAME_HEAD, nextLine } from './copyText.ts'
import type { LineForm } from './forms.ts'
import type { HistoryKind } from './kinds.ts'
import { LineEncoder, unescaped } from './LineEncoder.ts'
import type { HistoryQuery } from './query.ts'
import type { HistoryPiece, HistoryVersion, RecordHistory } from './RecordHistory.ts'
import { checkRange, cursorOf, type Place, placeOf, type RegisteredSeries, SeriesSelection } from './series.ts'
import { copySeries, copyTime } from './statement.ts'
import { type NextSlice, TimeWalk } from './TimeWalk.ts'

/** Rows read by one query: some megabytes, while the piece before is encoded and sent. */
const PIECE_ROWS = 20_000
/** Rows of a slice of time; many, because the blocks at its ends are read twice: the index of times only knows blocks. */
const SLICE_ROWS = 40_000
/** Series in one statement. */
const PIECE_SERIES = 200
/** The most series that are read together by time. */
const MOST_SERIES = 10_000
/** Buffers kept for reuse: one is encoded while others are filled. */
const MOST_BUFFERS = 3
/** A guess of the bytes of a row, for the first buffer. */
const ROW_BYTES = 200

export interface HistoryPage {
  readonly bytes: Buffer
  readonly rows: number
  /** Absent on the last page. */
  readonly next?: string
}

interface Fetched {
  readonly copied: CopiedText
  readonly series: readonly RegisteredSeries[]
  /** The place of the last row. */
  readonly last: Place
}

/**
 * Stored records of one kind in a range of time: series by series in the order of their names, each from its oldest record on, or all
 * series together by time. Each piece is read by a statement of its own, so memory is bounded, a slow reader keeps no transaction open,
 * and reading can continue from any place. A record written meanwhile is included if its place is still to come.
 */
export class StoredHistory implements RecordHistory {
  readonly kind: HistoryKind
  readonly #reader: RowReader
  readonly #pool: Pool
  readonly #connect: ConnectOptions
  readonly #query: HistoryQuery
  readonly #selection: SeriesSelection
  readonly #after: Place | undefined
  /** Free buffers: new memory for each piece would cost more than its rows. */
  readonly #buffers: Buffer[] = []

  private constructor(
    kind: HistoryKind,
    reading: { readonly reader: RowReader; readonly pool: Pool; readonly connect: ConnectOptions },
    query: HistoryQuery,
    selection: SeriesSelection,
  ) {
    this.kind = kind
    this.#reader = reading.reader
    this.#pool = reading.pool
    this.#connect = reading.connect
    this.#query = query
    this.#selection = selection
    this.#after = placeOf(kind, query.after, query.order)
  }

  /** @throws QiError NOT_FOUND for a coin without stored records of the kind, BAD_REQUEST */
  static async open(
    kind: HistoryKind,
    reading: { readonly reader: RowReader; readonly pool: Pool; readonly connect: ConnectOptions },
    query: HistoryQuery,
  ): Promise<StoredHistory> {
    checkRange(query)
    return new StoredHistory(kind, reading, query, await SeriesSelection.of(reading.reader, kind, query))
  }

  get type(): RecordType {
    return this.kind.type
  }

  version(): Promise<HistoryVersion> {
    return this.#selection.version()
  }

  /** Its series, in order. */
  async *series(): AsyncGenerator<RegisteredSeries> {
    for await (const some of this.#selection.from()) yield* some
  }

  async *pieces(form: LineForm, signal?: AbortSignal, ahead = 1): AsyncGenerator<HistoryPiece> {
    const encoder = new LineEncoder(this.kind, form, this.#reader)
    const stopped = new AbortController()
    const any = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal
    const fetched = this.#fetch(Number.POSITIVE_INFINITY, any, ahead)
    let coming = fetched.next()
    try {
      for (;;) {
        const { value, done } = await coming
        if (done) return
        coming = fetched.next()
        coming.catch(() => {}) // thrown by the await above
        const { bytes, rows } = encoder.encode(value.copied, value.series)
        this.#keep(value.copied)
        if (rows > 0)
          yield {
            bytes,
            rows,
            next: cursorOf(value.last, this.#query.order),
            time: readTime(value.last.values[0] as string),
            names: value.last.names,
          }
      }
    } finally {
      stopped.abort()
    }
  }

  /** The first records, at most `limit` of them. */
  async page(form: LineForm, limit: number, signal?: AbortSignal): Promise<HistoryPage> {
    const encoder = new LineEncoder(this.kind, form, this.#reader)
    const parts: Buffer[] = []
    let read = 0
    let encoded = 0
    let last = this.#after
    // One more row shows if there is another page.
    for await (const { copied, series } of this.#fetch(limit + 1, signal)) {
      const kept = firstLines(copied, limit - read)
      if (kept.rows > 0) {
        const { bytes, rows } = encoder.encode(kept, series)
        parts.push(bytes)
        encoded += rows
        read += kept.rows
        last = this.#placeOf(kept, series)
      }
      if (kept.rows < copied.rows && last)
        return { bytes: Buffer.concat(parts), rows: encoded, next: cursorOf(last, this.#query.order) }
    }
    return { bytes: Buffer.concat(parts), rows: encoded }
  }

  #fetch(most: number, signal?: AbortSignal, ahead = 1): AsyncGenerator<Fetched> {
    return this.#query.order === 'time' ? this.#byTime(most, signal, ahead) : this.#bySeries(most, signal)
  }

  async *#bySeries(most: number, signal?: AbortSignal): AsyncGenerator<Fetched> {
    const first = this.#after
    let left = most
    for await (const page of this.#selection.from(first?.names))
      for (let from = 0; from < page.length; from += PIECE_SERIES) {
        let series = page.slice(from, from + PIECE_SERIES)
        // If the series of the place is gone or no longer selected, the next one begins at its start.
        let after = first && isOf(series[0], first.names) ? first.values : undefined
        for (;;) {
          const limit = Math.min(left, PIECE_ROWS)
          const { from: since, to: until } = this.#query
          const part = { kind: this.kind, series, after, from: since, to: until, limit }
          const copied = await this.#copy(copySeries(part), limit, signal)
          if (copied.rows === 0) break
          left -= copied.rows
          const last = this.#placeOf(copied, series)
          yield { copied, series, last }
          if (left <= 0) return
          if (copied.rows < limit) break
          const at = series.findIndex((one) => isOf(one, last.names))
          series = series.slice(at)
          after = last.values
        }
      }
  }

  /** @param ahead statements that run at the same time, each on a connection of its own */
  async *#byTime(most: number, signal: AbortSignal | undefined, ahead: number): AsyncGenerator<Fetched> {
    const series = await this.#allSeries()
    const walk = new TimeWalk(series, this.#query, this.#after)
    const limit = Math.min(most, SLICE_ROWS)
    const fetch = (slice: NextSlice) => {
      const copied = this.#copy(copyTime({ kind: this.kind, series, limit, ...slice }), limit, signal)
      copied.catch(() => {}) // thrown by the await below, if it is still reached
      return { slice, copied }
    }
    let running: ReturnType<typeof fetch>[] = []
    for (let left = most; left > 0; ) {
      while (running.length < ahead) {
        const slice = walk.next()
        if (!slice) break
        running.push(fetch(slice))
      }
      const first = running.shift()
      if (!first) return
      const copied = await first.copied
      left -= copied.rows
      if (copied.rows === 0) {
        walk.found(0, limit)
        walk.skipTo(await this.#selection.firstFrom(this.kind, series, first.slice.to))
        continue
      }
      const last = this.#placeOf(copied, series)
      if (copied.rows < limit) walk.found(copied.rows, limit)
      else {
        walk.goBack(first.slice, last)
        running = []
      }
      yield { copied, series, last }
    }
  }

  async #allSeries(): Promise<readonly RegisteredSeries[]> {
    const all: RegisteredSeries[] = []
    for await (const some of this.#selection.from()) {
      all.push(...some)
      if (all.length > MOST_SERIES)
        throw new QiError(
          'BAD_REQUEST',
          `order time: more than ${MOST_SERIES} series cannot be read together; name coins or sources, or leave the order out`,
          { field: 'order' },
        )
    }
    return all
  }

  async #copy(statement: string, limit: number, signal?: AbortSignal): Promise<CopiedText> {
    const options = { ...this.#connect, ...(signal && { signal }), about: this.kind.table.name }
    const bytes = Math.min(limit, 1_000) * ROW_BYTES
    const copy = () =>
      withClient(
        this.#pool,
        (client) => copyText(client, statement, this.#buffers.pop() ?? Buffer.allocUnsafeSlow(bytes)),
        options,
      )
    return copy().catch(async (error: QiError) => {
      if (error.code !== 'UNAVAILABLE' || signal?.aborted) throw error
      // Reading changes nothing, so a broken connection is retried once.
      await this.#connect.recover?.()
      return copy()
    })
  }

  #keep({ bytes }: CopiedText): void {
    if (this.#buffers.length < MOST_BUFFERS) this.#buffers.push(Buffer.from(bytes.buffer))
  }

  /** The place of the last line. */
  #placeOf({ bytes, last }: CopiedText, series: readonly RegisteredSeries[]): Place {
    const [place, ...cells] = bytes.toString('utf8', last, bytes.length - 1).split('\t')
    const { names } = series[Number(place) - 1] as RegisteredSeries
    const values = this.kind.order.map(({ name }) =>
      unescaped(cells[this.kind.columns.findIndex((column) => column.name === name)] as string),
    )
    return { names: SERIES_NAMES.map((name) => names[name]), values }
  }
}

const isOf = (series: RegisteredSeries | undefined, names: readonly string[]): boolean =>
  series !== undefined && SERIES_NAMES.every((name, i) => series.names[name] === names[i])

function firstLines(copied: CopiedText, rows: number): CopiedText {
  if (copied.rows <= rows) return copied
  const { bytes } = copied
  if (rows === 0) return { bytes: bytes.subarray(0, 0), rows, last: FRAME_HEAD }
  let last = FRAME_HEAD
  for (let row = 1; row < rows; row++) last = nextLine(bytes, last)
  return { bytes: bytes.subarray(0, nextLine(bytes, last) - FRAME_HEAD), rows, last }
}
