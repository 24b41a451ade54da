import {
  type History,
  type HistoryOffer,
  type HistorySeries,
  type HistoryWindow,
  type Micros,
  nowMicros,
  ohlcv,
  price,
  QiError,
  type RecordBatch,
  TIMEFRAMES,
  type Timeframe,
  throwIfAborted,
  timeframeMicros,
} from '../../../base/index.ts'
import { intervalOf, type SimulatedConfig } from './config.ts'
import { MINUTE, SimulatedMarket } from './SimulatedMarket.ts'

/** Records of one window: one append and one write of the size that both like. */
const WINDOW = 10_000
const BATCH = 2000

/** The past of the simulated market, any of it: the same figures that the source gave, or would have given, at the time. */
export class SimulatedHistory implements History {
  readonly currencies: readonly string[]
  readonly #market: SimulatedMarket
  readonly #interval: Micros
  readonly #closing = new AbortController()

  constructor(config: SimulatedConfig) {
    this.#market = new SimulatedMarket(config.seed, config.currency)
    this.#interval = intervalOf(config)
    this.currencies = [config.currency]
  }

  offers(): readonly HistoryOffer[] {
    const every = TIMEFRAMES.filter((timeframe) => timeframeMicros(timeframe) % this.#interval === 0)
    return [
      ...every.map((timeframe) => ({ type: 'price', timeframe, summary: `${WINDOW} a call` }) as const),
      { type: 'ohlcv', timeframe: '1m', summary: `${WINDOW} a call` },
    ]
  }

  *plan(series: HistorySeries, from: Micros, to: Micros): Generator<HistoryWindow> {
    const spacing = this.#spacing(series)
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
      yield series.type === 'price'
        ? asBatch({ type: price, records: times.map((time) => this.#market.price(series.coinId, time, receivedAt)) })
        : asBatch({ type: ohlcv, records: times.map((time) => this.#market.candle(series.coinId, time, receivedAt)) })
    }
  }

  #spacing({ type, timeframe, every, currency }: HistorySeries): Micros {
    if (!this.currencies.includes(currency))
      throw new QiError(
        'UNSUPPORTED',
        `the simulated market has figures in ${this.currencies.join(', ')} alone: see simulated.currency`,
      )
    if (type === 'price') return every ? this.#atLeast(every) : this.#interval
    if (timeframe !== '1m') throw new QiError('UNSUPPORTED', `the simulated market gives candles of 1m, not of ${timeframe}`)
    return MINUTE
  }

  #atLeast(every: Timeframe): Micros {
    if (timeframeMicros(every) % this.#interval === 0) return timeframeMicros(every)
    throw new QiError('UNSUPPORTED', `the simulated prices are ${this.#interval / 1e6} s apart, of which ${every} is no multiple`)
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', 'the simulated history is closed'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const asBatch = (batch: object): RecordBatch => batch as RecordBatch
