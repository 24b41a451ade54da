import {
  type Decimal,
  type Instrument,
  type MarketAnalytics,
  MICROS_PER_SECOND,
  type Micros,
  type Ohlcv,
  type Price,
  type Trade,
  type Trending,
  timeframeMicros,
} from '../../../base/types/index.ts'
import { COINS, type CoinProfile, coinProfile } from './coins.ts'
import { fixed, priceText } from './figures.ts'
import { hashText, unit, walk } from './noise.ts'

/** Units of each currency to one US dollar, fixed. */
export const CURRENCIES = { usd: 1, eur: 0.92, gbp: 0.79, chf: 0.88, jpy: 150 } as const
export type SimulatedCurrency = keyof typeof CURRENCIES

const DAY = timeframeMicros('1d')
export const MINUTE = timeframeMicros('1m')
/** Share of the whole market in a coin's movement. */
const TOGETHER = 0.6
const ALONE = Math.sqrt(1 - TOGETHER ** 2)

interface Simulated extends CoinProfile {
  readonly hash: number
}

/**
 * A market without state: every figure is a function of seed, coin and time alone. So two processes, a restart and a backfill agree, and
 * every time costs the same.
 */
export class SimulatedMarket {
  readonly #from: { readonly source: string; readonly origin: 'simulated' }
  readonly #seed: string
  readonly #whole: number
  readonly #rate: number
  readonly #currency: SimulatedCurrency
  readonly #coins = new Map<string, Simulated>()
  /** The whole market at the last two requested times, which all coins of one time share. */
  #now = { seconds: Number.NaN, value: 0 }
  #before = { seconds: Number.NaN, value: 0 }

  /** @param source the `source` of its records */
  constructor(seed: string, currency: SimulatedCurrency = 'usd', source = 'simulated') {
    this.#from = { source, origin: 'simulated' }
    this.#seed = seed
    this.#whole = hashText(`${seed}\n`)
    this.#currency = currency
    this.#rate = CURRENCIES[currency]
  }

  /** The price as a float, above 0. */
  level(coinId: string, time: Micros): number {
    const { level, volatility, hash } = this.#coin(coinId)
    const seconds = time / MICROS_PER_SECOND
    return level * this.#rate * Math.exp(volatility * (TOGETHER * this.#together(seconds) + ALONE * walk(hash, seconds)))
  }

  price(coinId: string, time: Micros, receivedAt: Micros): Price {
    const { supply } = this.#coin(coinId)
    const level = this.level(coinId, time)
    return {
      coinId,
      ...this.#from,
      time,
      receivedAt,
      currency: this.#currency,
      price: priceText(level),
      marketCap: fixed(level * supply, 0),
      volume24h: fixed(this.#dailyVolume(coinId, time), 0),
      change24hPct: fixed((level / this.level(coinId, time - DAY) - 1) * 100, 4),
    }
  }

  /** The trade with a number. There is one every `every` microseconds, from number 0 in 1970. */
  trade(coinId: string, sequence: number, every: Micros, receivedAt: Micros): Trade {
    const { hash } = this.#coin(coinId)
    const time = sequence * every
    const level = this.level(coinId, time)
    const usual = (this.#dailyVolume(coinId, time) / level) * (every / DAY)
    return {
      coinId,
      ...this.#from,
      time,
      receivedAt,
      currency: this.#currency,
      tradeId: String(sequence),
      side: unit(hash, 102, sequence) < 0 ? 'sell' : 'buy',
      price: priceText(level),
      amount: priceText(Math.max(1e-12, usual * (1 + 0.8 * unit(hash, 103, sequence)))),
      sequence,
    }
  }

  /** The candle of the minute at `open`, made of one price a second; while it runs, of the prices before `until`. */
  candle(coinId: string, open: Micros, receivedAt: Micros, until: Micros = open + MINUTE): Ohlcv {
    const { hash } = this.#coin(coinId)
    const first = this.level(coinId, open)
    let [high, low, last] = [first, first, first]
    const end = Math.min(open + MINUTE, until)
    for (let time = open + MICROS_PER_SECOND; time < end; time += MICROS_PER_SECOND) {
      last = this.level(coinId, time)
      high = Math.max(high, last)
      low = Math.min(low, last)
    }
    const share = Math.max(0, end - open) / MINUTE
    const busy = 1 + 0.8 * unit(hash, 101, open / MINUTE)
    return {
      coinId,
      ...this.#from,
      time: open,
      receivedAt,
      currency: this.#currency,
      timeframe: '1m',
      open: priceText(first),
      high: priceText(high),
      low: priceText(low),
      close: priceText(last),
      volume: priceText(Math.max(1e-12, ((this.#dailyVolume(coinId, open) / first) * busy * share) / 1440)),
      tradeCount: Math.round(120 * busy * share),
      isFinal: until >= open + MINUTE,
      builtFrom: 'provider',
    }
  }

  analytics(time: Micros, receivedAt: Micros): MarketAnalytics {
    const total = this.#capitalisation(time)
    const share = (coinId: string): Decimal => fixed((this.#capOf(coinId, time) / total) * 100, 4)
    return {
      ...this.#from,
      time,
      receivedAt,
      currency: this.#currency,
      totalMarketCap: fixed(total, 0),
      totalVolume24h: fixed(
        COINS.reduce((sum, { id }) => sum + this.#dailyVolume(id, time), 0),
        0,
      ),
      btcDominance: share('bitcoin'),
      ethDominance: share('ethereum'),
      activeCoins: COINS.length,
      markets: 1,
      change24hPct: fixed((total / this.#capitalisation(time - DAY) - 1) * 100, 4),
    }
  }

  /** The coins with the largest moves within a day, at most seven. */
  trending(coinIds: readonly string[], time: Micros, receivedAt: Micros): Trending[] {
    return coinIds
      .map((coinId) => ({
        coinId,
        level: this.level(coinId, time),
        moved: Math.abs(this.level(coinId, time) / this.level(coinId, time - DAY) - 1),
      }))
      .sort((a, b) => b.moved - a.moved)
      .slice(0, 7)
      .map(({ coinId, level, moved }, index) => ({
        coinId,
        ...this.#from,
        time,
        receivedAt,
        rank: index + 1,
        score: fixed(moved * 100, 4),
        price: priceText(level),
      }))
  }

  instrument(coinId: string, time: Micros, receivedAt: Micros): Instrument {
    const { symbol, name } = this.#coin(coinId)
    return { coinId, ...this.#from, time, receivedAt, kind: 'currency', symbol, name, active: true }
  }

  #together(seconds: number): number {
    if (this.#now.seconds === seconds) return this.#now.value
    if (this.#before.seconds === seconds) return this.#before.value
    const oldest = this.#before
    this.#before = this.#now
    this.#now = oldest
    oldest.seconds = seconds
    oldest.value = walk(this.#whole, seconds)
    return oldest.value
  }

  #capOf(coinId: string, time: Micros): number {
    return this.level(coinId, time) * this.#coin(coinId).supply
  }

  #capitalisation(time: Micros): number {
    return COINS.reduce((sum, { id }) => sum + this.#capOf(id, time), 0)
  }

  /** A volume that moves slowly around the coin's usual one. */
  #dailyVolume(coinId: string, time: Micros): number {
    const { volume, hash } = this.#coin(coinId)
    const hours = time / (3600 * MICROS_PER_SECOND)
    const index = Math.floor(hours)
    const from = unit(hash, 100, index)
    return volume * this.#rate * (1 + 0.4 * (from + (unit(hash, 100, index + 1) - from) * (hours - index)))
  }

  #coin(coinId: string): Simulated {
    let found = this.#coins.get(coinId)
    if (!found) {
      found = { ...coinProfile(coinId), hash: hashText(`${this.#seed}\n${coinId}`) }
      this.#coins.set(coinId, found)
    }
    return found
  }
}
