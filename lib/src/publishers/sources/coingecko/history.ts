import {
  type History,
  type HistoryOffer,
  type HistorySeries,
  type HistoryWindow,
  type Micros,
  nowMicros,
  QiError,
  type RecordBatch,
  type Timeframe,
  timeframeMicros,
  toQiError,
} from '../../../base/types/index.ts'
import type { Parsed } from '../shared/collect.ts'
import type { CoinGeckoClient } from './CoinGeckoClient.ts'
import { lastDaysTo, offersOf, stretched, windowsOf } from './windows.ts'

export interface CoinGeckoHistoryOptions {
  readonly client: CoinGeckoClient
  readonly currencies: readonly string[]
  /** Microseconds since 1970. */
  readonly now?: () => Micros
}

/** CoinGecko's codes for history that the plan never gives: too far back, or an endpoint of another plan. */
const NEVER = /, error (10005|10012):/

/** CoinGecko's history: prices by market_chart/range, candles by ohlc and, with a paid plan, ohlc/range. */
export class CoinGeckoHistory implements History {
  readonly currencies: readonly string[]
  readonly #client: CoinGeckoClient
  readonly #now: () => Micros
  readonly #closing = new AbortController()

  constructor({ client, currencies, now = nowMicros }: CoinGeckoHistoryOptions) {
    this.#client = client
    this.currencies = currencies
    this.#now = now
  }

  offers(): readonly HistoryOffer[] {
    return offersOf(this.#client.plan)
  }

  plan(series: HistorySeries, from: Micros, to: Micros): Iterable<HistoryWindow> {
    return windowsOf(this.#client.plan, series, from, to, this.#now())
  }

  async *fetch(series: HistorySeries, window: HistoryWindow, signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    yield within(window, await this.#ask(series, window, either))
  }

  async #ask(series: HistorySeries, window: HistoryWindow, signal: AbortSignal): Promise<Parsed> {
    try {
      return await (series.type === 'price' ? this.#prices(series, window, signal) : this.#candles(series, window, signal))
    } catch (thrown) {
      const error = toQiError(thrown)
      if (NEVER.test(error.message)) throw new QiError('UNSUPPORTED', error.message, { cause: error })
      if (error.code === 'NOT_FOUND')
        throw new QiError('NOT_FOUND', `CoinGecko has no coin with the id ${series.coinId}`, { cause: error })
      throw error
    }
  }

  #prices({ coinId: id, currency, every }: HistorySeries, { from, to }: HistoryWindow, signal: AbortSignal): Promise<Parsed> {
    const range = every === '1d' ? stretched(from, to, this.#client.plan, this.#now()) : { from, to }
    return this.#client.marketChartRange({ id, currency, ...range }, { signal })
  }

  #candles(series: HistorySeries, { from, to }: HistoryWindow, signal: AbortSignal): Promise<Parsed> {
    const { coinId: id, currency } = series
    const timeframe = series.timeframe as Timeframe
    const days = lastDaysTo(timeframe, from, this.#now())
    if (days) return this.#client.ohlc({ id, currency, days }, { signal, origin: 'backfill' })
    // CoinGecko stamps candles with their close. Shifted by half a candle, no edge of the range falls on a stamp.
    const half = timeframeMicros(timeframe) / 2
    const interval = timeframe === '1h' ? 'hourly' : 'daily'
    return this.#client.ohlcRange({ id, currency, from: from + half, to: to + half, interval }, { signal })
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', "CoinGecko's history is closed"))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** The records within the window and without the running candle: CoinGecko gives more at the edges. */
const within = ({ from, to }: HistoryWindow, batch: Parsed): RecordBatch => ({
  ...batch,
  records: batch.records.filter(
    (record) => (record.time as Micros) >= from && (record.time as Micros) < to && record.isFinal !== false,
  ),
})
