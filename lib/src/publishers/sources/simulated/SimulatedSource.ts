import { type Clock, systemClock } from '../../../base/networking/index.ts'
import {
  type CheckResult,
  countOf,
  instrument,
  type Logger,
  type Micros,
  marketAnalytics,
  ohlcv,
  type Price,
  price,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  type Source,
  type Trade,
  trade,
  trending,
} from '../../../base/types/index.ts'
import { intervalOf, type SimulatedConfig } from './config.ts'
import { MINUTE, SimulatedMarket } from './SimulatedMarket.ts'

export interface SimulatedSourceParts {
  /** Name of the instance. Default simulated. */
  readonly name?: string
  readonly config: SimulatedConfig
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly clock?: Pick<Clock, 'sleep'>
}

/** Most prices of one batch. */
const BATCH = 2000
/** At high rates the prices of this many milliseconds come in one batch. */
const SHORTEST_WAIT = 5
/** Prices that fell due without a pull are made up for, as far back as this. */
const LONGEST_CATCH_UP = 600_000_000

/** A next time further ahead than its interval and this means that the clock was set back. */
const MOST_AHEAD = 1_000_000

/** The simulated market as a source. Each price comes when it is due; its `time` is a multiple of the interval. */
export class SimulatedSource implements Source {
  readonly name: string
  readonly #config: SimulatedConfig
  readonly #market: SimulatedMarket
  readonly #logger: Logger
  readonly #now: () => number
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #interval: Micros
  readonly #closed = new AbortController()

  constructor({ name = 'simulated', config, logger, now = Date.now, clock = systemClock }: SimulatedSourceParts) {
    this.name = name
    this.#config = config
    this.#market = new SimulatedMarket(config.seed, config.currency, name)
    this.#logger = logger
    this.#now = now
    this.#clock = clock
    this.#interval = intervalOf(config)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    for await (const batch of this.#batches()) {
      if (this.#closed.signal.aborted) return
      yield batch
    }
  }

  async *#batches(): AsyncGenerator<RecordBatch> {
    const { coins, from, until = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY } = this.#config
    const started = from ?? this.#micros()
    let tick = (from === undefined ? Math.floor : Math.ceil)(started / this.#interval) * this.#interval
    let minute = Math.floor(tick / MINUTE) * MINUTE
    let given = 0
    yield batch(
      instrument,
      coins.map((coin) => this.#market.instrument(coin, tick, this.#micros())),
    )
    // At the start, the last candle and the market figures come at once.
    if (from === undefined) yield* this.#minute(minute)
    while (given < count && tick < until && !this.#closed.signal.aborted) {
      const now = this.#micros()
      if (from === undefined && tick - now > MOST_AHEAD + this.#interval) {
        this.#logger.warn({ ahead: tick - now }, 'the clock was set back: the simulated market goes on from what it shows now')
        tick = Math.floor(now / this.#interval) * this.#interval
        minute = Math.floor(tick / MINUTE) * MINUTE
      }
      if (tick > now) {
        await this.#wait(Math.max(tick - now, Math.min(this.#interval, SHORTEST_WAIT * 1000)))
        continue
      }
      if (from === undefined && now - tick > LONGEST_CATCH_UP) {
        this.#logger.warn(
          { missed: Math.floor((now - tick) / this.#interval) },
          'nothing was pulled for more than ten minutes: the simulated market goes on from now',
        )
        tick = Math.floor(now / this.#interval) * this.#interval
        minute = Math.floor(tick / MINUTE) * MINUTE
      }
      while (minute + MINUTE <= tick) {
        minute += MINUTE
        yield* this.#minute(minute)
      }
      const end = Math.min(now + 1, until, minute + MINUTE)
      const prices: Price[] = []
      const since = tick
      for (
        ;
        tick < end && given < count && (prices.length === 0 || prices.length + coins.length <= BATCH);
        tick += this.#interval
      )
        for (const coin of coins.slice(0, count - given)) {
          prices.push(this.#market.price(coin, tick, now))
          given++
        }
      yield batch(price, prices)
      yield* this.#trades(since, tick)
      if (this.#config.running_candle) yield batch(ohlcv, this.#candles(minute, tick - this.#interval + 1))
    }
    // A bounded run that ends with a minute gives that minute's candles too.
    if (tick >= until && minute + MINUTE <= until && !this.#closed.signal.aborted) yield* this.#minute(minute + MINUTE)
  }

  async check(): Promise<CheckResult> {
    const { seed, coins } = this.#config
    return { ok: true, summary: `a simulated market of ${countOf(coins.length, 'coin')}, seed ${seed}` }
  }

  async close(): Promise<void> {
    this.#closed.abort()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The records at the beginning of a minute: the candles of the last one, and the market figures. */
  *#minute(time: Micros): Generator<RecordBatch> {
    if (this.#config.candles) yield batch(ohlcv, this.#candles(time - MINUTE, time))
    if (!this.#config.market) return
    yield batch(marketAnalytics, [this.#market.analytics(time, this.#micros())])
    yield batch(trending, this.#market.trending(this.#config.coins, time, this.#micros()))
  }

  /** The trades of a time span, a batch for each time. */
  *#trades(from: Micros, to: Micros): Generator<RecordBatch> {
    const { trade_ms, coins } = this.#config
    if (trade_ms === undefined) return
    const every = trade_ms * 1000
    let trades: Trade[] = []
    for (let number = Math.ceil(from / every); number * every < to; number++) {
      for (const coin of coins) trades.push(this.#market.trade(coin, number, every, this.#micros()))
      if (trades.length < BATCH) continue
      yield batch(trade, trades)
      trades = []
    }
    if (trades.length > 0) yield batch(trade, trades)
  }

  #candles(open: Micros, until: Micros) {
    return this.#config.coins.map((coin) => this.#market.candle(coin, open, this.#micros(), until))
  }

  #micros(): Micros {
    return Math.round(this.#now() * 1000)
  }

  async #wait(micros: Micros): Promise<void> {
    try {
      await this.#clock.sleep(Math.ceil(micros / 1000), this.#closed.signal)
    } catch (error) {
      if (!this.#closed.signal.aborted) throw error
    }
  }
}

const batch = <R extends RecordValues>(type: RecordType<R>, records: readonly R[]): RecordBatch =>
  ({ type, records }) as unknown as RecordBatch
