import { throwIfAborted } from '../../../base/networking/index.ts'
import {
  type History,
  type HistoryOffer,
  type HistorySeries,
  type HistoryWindow,
  type Micros,
  type NumberRange,
  nowMicros,
  ohlcv,
  price,
  QiError,
  type RecordBatch,
  TIMEFRAMES,
  type Timeframe,
  timeframeMicros,
  trade,
} from '../../../base/types/index.ts'
import { intervalOf, type SimulatedConfig } from './config.ts'
import { MINUTE, SimulatedMarket } from './SimulatedMarket.ts'

/** Records of one window. */
const WINDOW = 10_000
/** Records of one batch. */
const BATCH = 2000

/** The history of the simulated market, for any time: the figures that the source gave, or would have given, then. */
export class SimulatedHistory implements History {
  readonly currencies: readonly string[]
  readonly #market: SimulatedMarket
  readonly #interval: Micros
  /** Microseconds between two trades; undefined: no trades. */
  readonly #tradesApart: Micros | undefined
  readonly #closing = new AbortController()

  /** @param source the `source` of its records */
  constructor(source: string, config: SimulatedConfig) {
    this.#market = new SimulatedMarket(config.seed, config.currency, source)
    this.#interval = intervalOf(config)
    this.#tradesApart = config.trade_ms === undefined ? undefined : config.trade_ms * 1000
    this.currencies = [config.currency]
  }

  offers(): readonly HistoryOffer[] {
    const every = TIMEFRAMES.filter((timeframe) => timeframeMicros(timeframe) % this.#interval === 0)
    return [
      ...every.map((timeframe) => ({ type: 'price', timeframe, summary: `${WINDOW} a call` }) as const),
      { type: 'ohlcv', timeframe: '1m', summary: `${WINDOW} a call` },
      ...(this.#tradesApart ? [{ type: 'trade', summary: `${WINDOW} a call` } as const] : []),
    ]
  }

  *plan(series: HistorySeries, from: Micros, to: Micros, numbers?: NumberRange): Generator<HistoryWindow> {
    const spacing = this.#spacing(series)
    if (numbers) {
      for (let { first } = numbers; first <= numbers.last; first += WINDOW) {
        const last = Math.min(numbers.last, first + WINDOW - 1)
        yield { from: first * spacing, to: last * spacing + 1, spacing, first, last }
      }
      return
    }
    const size = spacing * WINDOW
    for (let at = from; at < to; ) {
      const end = Math.min(to, Math.floor(at / size) * size + size)
      yield { from: at, to: end, spacing }
      at = end
    }
  }

  async *fetch(series: HistorySeries, window: HistoryWindow, signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    const spacing = this.#spacing(series)
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    for (let at = Math.ceil(window.from / spacing) * spacing; at < window.to; ) {
      throwIfAborted(either)
      const times: Micros[] = []
      for (; at < window.to && times.length < BATCH; at += spacing) times.push(at)
      const receivedAt = nowMicros()
      yield this.#batch(series, times, spacing, receivedAt)
    }
  }

  #batch({ type, coinId }: HistorySeries, times: readonly Micros[], spacing: Micros, receivedAt: Micros): RecordBatch {
    const market = this.#market
    if (type === 'price') return asBatch({ type: price, records: times.map((time) => market.price(coinId, time, receivedAt)) })
    if (type === 'ohlcv') return asBatch({ type: ohlcv, records: times.map((time) => market.candle(coinId, time, receivedAt)) })
    return asBatch({ type: trade, records: times.map((time) => market.trade(coinId, time / spacing, spacing, receivedAt)) })
  }

  #spacing({ type, timeframe, every, currency }: HistorySeries): Micros {
    if (!this.currencies.includes(currency))
      throw new QiError(
        'UNSUPPORTED',
        `the simulated market has figures in ${this.currencies.join(', ')} only: see its setting currency`,
      )
    if (type === 'price') return every ? this.#atLeast(every) : this.#interval
    if (type === 'trade' && this.#tradesApart) return this.#tradesApart
    if (type !== 'ohlcv')
      throw new QiError(
        'UNSUPPORTED',
        `the simulated market has no history of ${type}${type === 'trade' ? ': see its setting trade_ms' : ''}`,
      )
    if (timeframe !== '1m') throw new QiError('UNSUPPORTED', `the simulated market gives candles of 1m, not of ${timeframe}`)
    return MINUTE
  }

  #atLeast(every: Timeframe): Micros {
    if (timeframeMicros(every) % this.#interval === 0) return timeframeMicros(every)
    throw new QiError(
      'UNSUPPORTED',
      `the simulated prices are ${this.#interval / 1e6} s apart, and ${every} is no multiple of that`,
    )
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', 'the simulated history is closed'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const asBatch = (batch: object): RecordBatch => batch as RecordBatch
