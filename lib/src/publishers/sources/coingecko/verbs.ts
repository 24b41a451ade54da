import { z } from 'zod'
import type { MarketAnalytics, Ohlcv, Price, Rejected, Trending } from '../../../base/types/index.ts'
import { OHLC_DAYS } from './parse/ohlc.ts'
import type { CoinMatch } from './parse/search.ts'

const id = (what: string) => z.string().trim().min(1).max(200).describe(what)
const coin = id("CoinGecko's id of a coin, such as bitcoin; not its symbol, which many coins may share")
const currency = id('a currency that CoinGecko prices in, such as usd, eur or btc').toLowerCase().default('usd')
const currencies = z.array(id('a currency').toLowerCase()).min(1).default(['usd']).describe('the currencies of the figures')
const limit = (most: number) => z.int().min(1).max(most).default(10).describe('how many, the best first')
const moment = z.iso.datetime({ offset: true }).describe('a moment with its zone, such as 2026-01-31T12:00:00Z')

/** Input of each verb. */
export const VERB_INPUTS = {
  getCurrentPrices: z.strictObject({ coins: z.array(coin).min(1).describe('ids of the coins'), currencies }),
  getOHLCVData: z.strictObject({
    coin,
    currency,
    days: z.enum(OHLC_DAYS).default('1').describe('how far back: 1 day gives candles of 30m, up to 30 days of 4h, more of 4d'),
    interval: z.enum(['daily', 'hourly']).optional().describe('candles of a day or an hour instead; with a paid plan'),
  }),
  getMarketAnalytics: z.strictObject({ currencies }),
  getTopPerformers: z.strictObject({
    currency,
    limit: limit(250),
    among: z.int().min(1).max(1000).default(250).describe('only among this many coins of the largest capitalisation'),
    direction: z
      .enum(['gainers', 'losers'])
      .default('gainers')
      .describe('gainers: the largest change over 24 hours first; losers: the smallest'),
  }),
  getTrendingCoins: z.strictObject({}),
  searchAndGetPrices: z.strictObject({ query: id('a name, symbol or id, or part of one'), currencies, limit: limit(100) }),
  getCoinHistory: z
    .strictObject({
      coin,
      currency,
      days: z
        .union([z.int().min(1), z.literal('max')])
        .optional()
        .describe('this many days up to now; 1 day gives a price every 5 minutes, up to 90 days every hour, more every day'),
      from: moment.optional(),
      to: moment.optional(),
      date: z.iso.date().optional().describe('the first moment of one day, in UTC'),
    })
    .refine((input) => [input.days, input.from ?? input.to, input.date].filter((way) => way !== undefined).length <= 1, {
      message: 'give one of days, from with to, or date',
    })
    .refine((input) => (input.from === undefined) === (input.to === undefined), { message: 'from and to come together' }),
} as const

export type VerbName = keyof typeof VERB_INPUTS
export type VerbInput<V extends VerbName> = z.input<(typeof VERB_INPUTS)[V]>

/** Records, and the rejected parts with their reasons, so that nothing goes missing in silence. */
export interface VerbResult<R> {
  readonly records: readonly R[]
  readonly rejected: readonly Rejected[]
}

/** A found coin with its prices. */
export interface PricedMatch extends CoinMatch {
  readonly prices: readonly Price[]
}

interface VerbOutputs {
  /** One price for each coin and currency. An unknown id is among the rejected. */
  getCurrentPrices: VerbResult<Price>
  /** Candles by their UTC open, in order; CoinGecko gives no volume with them. */
  getOHLCVData: VerbResult<Ohlcv>
  /** The whole market, one record a currency. */
  getMarketAnalytics: VerbResult<MarketAnalytics>
  /** Prices sorted by their change over 24 hours; coins without one are left out. */
  getTopPerformers: VerbResult<Price>
  /** The coins most searched for in the last 24 hours, by rank. */
  getTrendingCoins: VerbResult<Trending>
  /** Every matching coin with its prices, the best match first. The caller chooses. */
  searchAndGetPrices: VerbResult<PricedMatch>
  /** Past prices by time; the volume of each is that of the 24 hours before it. Default: one day. */
  getCoinHistory: VerbResult<Price>
}

export interface VerbOptions {
  readonly signal?: AbortSignal
}

/** The typed verbs of CoinGecko's domain, whether by REST or by an MCP server. */
export type CoinGeckoVerbs = {
  readonly [V in VerbName]: (input: VerbInput<V>, options?: VerbOptions) => Promise<VerbOutputs[V]>
}
