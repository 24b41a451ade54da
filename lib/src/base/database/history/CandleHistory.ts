import { candle, formatTime, type Micros, nowMicros, parseTime, type RecordType, timeframeMicros } from '../../types/index.ts'
import { type CandlesQuery, candles } from '../dsl/candles/candles.ts'
import { findStored } from '../dsl/candles/stored.ts'
import { fromCursor, toCursor } from '../dsl/query/cursor.ts'
import type { Candle, Series } from '../dsl/results.ts'
import type { RowReader } from '../reading/RowReader.ts'
import type { LineForm } from './forms.ts'
import { type HistoryKind, historyKinds } from './kinds.ts'
import type { HistoryPiece, HistoryVersion, RecordHistory } from './RecordHistory.ts'
import { checkRange, SeriesSelection } from './series.ts'

/** Candles read by one query. */
const PIECE = 5_000
/** The longest step over an empty range, in pieces; steps double while nothing is found. */
const LONGEST_PIECES = 4_096
/** The kinds of records that candles are built from. */
const MATERIAL = ['ohlcv', 'trades', 'prices']

const candleType = candle as unknown as RecordType

/** A query of candles; `after` continues after a piece. */
export type CandleHistoryInput = Omit<CandlesQuery, 'limit' | 'fill'> & { readonly after?: string | undefined }

/**
 * The candles of one series over a range of any length, oldest first, as {@link candles} serves them. Read in slices of some thousand
 * candles, so that memory does not depend on the range.
 */
export class CandleHistory implements RecordHistory {
  readonly type = candleType
  /** The series of the candles. */
  readonly series: Series
  readonly otherSeries: readonly Series[]
  readonly #reader: RowReader
  readonly #query: CandlesQuery
  readonly #from: Micros
  readonly #to: Micros

  private constructor(
    reader: RowReader,
    query: CandlesQuery,
    found: { readonly series: Series; readonly otherSeries: readonly Series[] },
    range: { readonly from: Micros; readonly to: Micros },
  ) {
    this.#reader = reader
    this.series = found.series
    this.otherSeries = found.otherSeries
    this.#query = { ...query, source: found.series.source, currency: found.series.currency }
    this.#from = range.from
    this.#to = range.to
  }

  /** @throws QiError NOT_FOUND if nothing is stored of the coin, BAD_REQUEST */
  static async open(reader: RowReader, input: CandleHistoryInput): Promise<CandleHistory> {
    checkRange(input)
    const { after, ...query } = input
    const length = timeframeMicros(query.timeframe)
    const reached = fromCursor(after, 1)?.[0]
    // Chooses the series as a query of candles does.
    const found = await candles(reader, { ...query, limit: 1 })
    const { coin, source, currency } = { ...query, ...found.series }
    const range = { coin, source, currency, timeframe: undefined, from: '-infinity', to: 'infinity', limit: 1 }
    const { chosen } = await findStored(reader, range)
    const firsts = (chosen?.parts ?? []).flatMap(({ first, latest }) => first ?? latest)
    const from = reached === undefined ? (query.from ?? Math.min(...firsts) - length) : parseTime(reached)
    return new CandleHistory(reader, { ...query, limit: 1 }, found, { from, to: query.to ?? nowMicros() + 60_000_000 })
  }

  /** The range that is read, in microseconds. */
  get range(): { readonly from: Micros; readonly to: Micros } {
    return { from: this.#from, to: this.#to }
  }

  async version(): Promise<HistoryVersion> {
    const { coin, source, currency, timeframe } = this.#query
    const length = timeframeMicros(timeframe)
    // A daily bar that opens before the end of the range includes records until its close.
    const query = {
      coin: [coin],
      source: [source as string],
      currency: [currency as string],
      from: this.#from - length,
      to: this.#to + length,
      includeSimulated: true,
      order: 'series' as const,
    }
    const versions = await Promise.all(
      MATERIAL.map(async (name) =>
        (await SeriesSelection.of(this.#reader, historyKinds.get(name) as HistoryKind, query, false)).version(),
      ),
    )
    return {
      version: versions.map(({ version }) => version).join(' '),
      closed: versions.every(({ closed }) => closed) && this.#query.to !== undefined,
    }
  }

  async *pieces(form: LineForm, signal?: AbortSignal): AsyncGenerator<HistoryPiece> {
    for await (const { candles: some, end } of this.slices(signal)) {
      if (some.length === 0) continue
      const bytes = Buffer.from(some.map((one) => form.record(candleType, one as never)).join(''))
      const { coinId, source, currency } = this.series
      yield {
        bytes,
        rows: some.length,
        next: toCursor([formatTime(end)]),
        time: some.at(-1)?.time as Micros,
        names: [coinId, source, currency],
      }
    }
  }

  /** The candles slice by slice; `end` is the end of the slice. */
  async *slices(signal?: AbortSignal): AsyncGenerator<{ readonly candles: readonly Candle[]; readonly end: Micros }> {
    const length = timeframeMicros(this.#query.timeframe)
    let pieces = 1
    for (let from = this.#from; from < this.#to; ) {
      signal?.throwIfAborted()
      const end = Math.min(from + pieces * PIECE * length, this.#to)
      const found = await candles(this.#reader, { ...this.#query, from, to: end, limit: PIECE })
      if (found.candles.length === PIECE && pieces > 1) {
        // The limit was reached, so older candles may be missing: read shorter slices.
        pieces = 1
        continue
      }
      pieces = found.candles.length === 0 ? Math.min(2 * pieces, LONGEST_PIECES) : 1
      yield { candles: found.candles, end }
      from = end
    }
  }
}
