import {
  type History,
  type HistoryOffer,
  type HistorySeries,
  type HistoryWindow,
  type Micros,
  type NumberRange,
  nowMicros,
  ohlcv,
  QiError,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  suggest,
  type Timeframe,
  timeframeMicros,
  trade,
} from '../../base/types/index.ts'
import { Instruments } from './Instruments.ts'
import type { Listed, Page, Venue } from './types.ts'

/** 2009-01-03: no market of a crypto asset is older. */
const GENESIS: Micros = Date.UTC(2009, 0, 3) * 1000
const HOUR: Micros = timeframeMicros('1h')
const TRADES_PER_WINDOW = 10_000

export interface VenueHistoryOptions {
  readonly venue: Venue
  /** Default currency, where an instrument is unknown. */
  readonly currency: string
  readonly now?: () => Micros
}

/** History of a venue over REST: candles by time, trades by number where the venue has numbers, else by time. */
export class VenueHistory implements History {
  readonly currencies: readonly string[]
  readonly #venue: Venue
  readonly #now: () => Micros
  readonly #closing = new AbortController()
  #instruments: Promise<Instruments> | undefined

  constructor({ venue, currency, now = nowMicros }: VenueHistoryOptions) {
    this.#venue = venue
    this.currencies = [currency]
    this.#now = now
  }

  async currencyOf(coinId: string): Promise<string | undefined> {
    return (await this.#listed(this.#closing.signal)).named(coinId)?.quote
  }

  offers(): readonly HistoryOffer[] {
    const { candles, trades } = this.#venue
    return [
      ...candles.timeframes.map((timeframe) => ({
        type: 'ohlcv' as const,
        timeframe,
        summary: candles.reach === undefined ? `${candles.perCall} a call` : `the last ${candles.reach}`,
      })),
      ...(trades.byNumber || trades.byTime ? [{ type: 'trade' as const, summary: trades.summary }] : []),
    ]
  }

  *plan(series: HistorySeries, from: Micros, to: Micros, numbers?: NumberRange): Generator<HistoryWindow> {
    const start = Math.max(from, GENESIS)
    if (series.type === 'ohlcv') yield* this.#bars(series, start, to)
    else if (series.type !== 'trade') throw this.#unsupported(series.type)
    else if (numbers && this.#venue.trades.byNumber) yield* this.#numbers(start, to, numbers)
    else if (this.#venue.trades.byTime) yield* cells(start, to, this.#venue.trades.windowMicros ?? HOUR, 1)
    else throw this.#unsupported('trade by time')
  }

  async *fetch(series: HistorySeries, window: HistoryWindow, signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    const instrument = await this.#instrument(series, either)
    const { first, last, from, to } = window
    const { trades, candles } = this.#venue
    if (series.type === 'ohlcv') {
      const page = await candles.fetch(instrument, series.timeframe as Timeframe, from, to, either)
      yield batchOf(ohlcv, page, ({ time, isFinal }) => isFinal && time >= from && time < to)
    } else if (first !== undefined && last !== undefined && trades.byNumber)
      for await (const page of trades.byNumber(instrument, { first, last, from, to }, either)) yield batchOf(trade, page)
    else if (trades.byTime)
      for await (const page of trades.byTime(instrument, from, to, either))
        yield batchOf(trade, page, ({ time }) => time >= from && time < to)
    else throw this.#unsupported('trade by time')
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', `the history of ${this.#venue.peer} is closed`))
    await this.#venue.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  *#bars({ timeframe }: HistorySeries, from: Micros, to: Micros): Generator<HistoryWindow> {
    const { timeframes, perCall, reach } = this.#venue.candles
    if (!timeframe || !timeframes.includes(timeframe))
      throw new QiError(
        'UNSUPPORTED',
        `${this.#venue.peer} has no history of ${timeframe ?? ''} candles; there is ${timeframes.join(', ')}`,
      )
    const length = timeframeMicros(timeframe)
    const limit = reach === undefined ? Number.NEGATIVE_INFINITY : this.#now() - reach * length
    const refused = `${this.#venue.peer} gives the last ${reach} candles of ${timeframe} only`
    if (from < Math.min(limit, to)) yield { from, to: Math.min(limit, to), spacing: length, refused }
    yield* cells(Math.max(from, limit), to, perCall * length, length)
  }

  *#numbers(from: Micros, to: Micros, { first, last }: NumberRange): Generator<HistoryWindow> {
    const size = this.#venue.trades.perWindow ?? TRADES_PER_WINDOW
    for (let at = first; at <= last; at += size) yield { from, to, spacing: 1, first: at, last: Math.min(last, at + size - 1) }
  }

  async #instrument({ coinId, currency }: HistorySeries, signal: AbortSignal): Promise<Listed> {
    const instruments = await this.#listed(signal)
    const found = instruments.named(coinId)
    if (!found) {
      const hint = suggest(
        coinId,
        Array.from(instruments.all(), (each) => each.coinId),
      )
      throw new QiError('NOT_FOUND', `${this.#venue.peer} lists no instrument ${coinId.slice(0, 60)}${hint}`, { field: 'coin' })
    }
    if (found.quote !== currency)
      throw new QiError('UNSUPPORTED', `${coinId} is priced in ${found.quote}, not in ${currency}: leave the currency out`, {
        field: 'currency',
      })
    return found
  }

  #listed(signal: AbortSignal): Promise<Instruments> {
    this.#instruments ??= this.#venue
      .listed(signal)
      .then((list) => new Instruments(list))
      .catch((error) => {
        this.#instruments = undefined
        throw error
      })
    return this.#instruments
  }

  #unsupported(what: string): QiError {
    const { peer, trades } = this.#venue
    const there = this.offers().map(({ type, timeframe }) => (timeframe ? `${timeframe} candles` : type))
    return new QiError('UNSUPPORTED', `${peer} gives no history of ${what} (${trades.summary}); there is ${there.join(', ')}`)
  }
}

/** Windows cut at multiples of a size since 1970. */
function* cells(from: Micros, to: Micros, size: Micros, spacing: Micros): Generator<HistoryWindow> {
  for (let at = from; at < to; ) {
    const end = Math.min(to, Math.floor(at / size) * size + size)
    yield { from: at, to: end, spacing }
    at = end
  }
}

const batchOf = <R extends RecordValues>(
  type: RecordType<R>,
  { records, rejected }: Page<R>,
  within: (record: R) => boolean = () => true,
): RecordBatch<R> => ({ type, records: records.filter(within), ...(rejected && { rejected }) })
