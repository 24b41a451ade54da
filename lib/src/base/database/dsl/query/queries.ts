import { z } from 'zod'
import { HISTORY_TYPES, TIMEFRAMES } from '../../../types/index.ts'
import { count, cursor, flag, list, name, sourceName, time } from './parameters.ts'

export { bookQuery } from '../books/query.ts'
export { compareQuery } from '../compare/query.ts'
export { INDICATOR_NAMES, type IndicatorName, indicatorOf } from '../indicators/index.ts'
export { type IndicatorInput, indicatorQueries } from '../indicators/queries.ts'
export { recentQuery } from '../recent/query.ts'
export { spreadsQuery } from '../spreads/query.ts'
export * from './analysisQueries.ts'

export const PRICE_SORTS = ['coin', 'market_cap', 'volume_24h', 'change_24h_pct'] as const

export const latestPricesQuery = z
  .object({
    coins: list('ids, tickers or names of the coins, such as bitcoin,ETH; all coins when left out'),
    sources: list('only these sources'),
    currencies: list('only figures in these currencies, such as usd'),
    include_simulated: flag('also simulated and manual rows of coins that have a provider'),
    sort: z
      .enum(PRICE_SORTS)
      .default('coin')
      .describe('by the name of the coin, or by this figure: the greatest in each currency first, unknown ones last'),
    limit: count(1000, 100, 'most rows in a page'),
    after: cursor,
  })
  .describe('The latest price of each (source, coin, currency)')

export const currentPriceQuery = z
  .object({
    coin: name('id, ticker or name of the coin, such as bitcoin or BTC'),
    source: sourceName.optional(),
    currency: name('the currency of the figures, such as usd').optional(),
  })
  .describe('The price of one coin now')

export const candlesQuery = z
  .object({
    coin: name('id, ticker or name of the coin, such as bitcoin or BTC'),
    source: sourceName.optional(),
    currency: name('the currency of the figures, such as usd').optional(),
    timeframe: z.enum(TIMEFRAMES).default('1h').describe('the length of a candle'),
    from: time(
      'candles that open at or after this time: 2026-01-31, ISO 8601, -7d, yesterday or now; in UTC unless it names a zone',
    ),
    to: time('candles that open before this time'),
    limit: count(10_000, 500, 'most candles; the latest of the range'),
    fill: flag('also bars that repeat the last close where nothing happened between two candles, marked filled'),
  })
  .describe('Candles of one series, oldest first')

export const candleHistoryQuery = candlesQuery
  .omit({ limit: true, fill: true })
  .extend({ after: cursor })
  .describe('Candles of one series over any range, oldest first')

export const marketSummaryQuery = z
  .object({
    sources: list('only these sources'),
    currencies: list('only figures in these currencies'),
    include_simulated: flag('also simulated and manual figures beside those of providers'),
    movers: count(100, 5, 'how many gainers and losers'),
  })
  .describe('The market as a whole: capitalisation, breadth and top movers')

export const INSTRUMENT_KINDS = ['currency', 'exchange', 'pair', 'security'] as const

export const instrumentsQuery = z
  .object({
    search: name('part of an id, a ticker or a name').optional(),
    kind: z.enum(INSTRUMENT_KINDS).optional().describe('only instruments of this kind'),
    source: sourceName.optional(),
    limit: count(1000, 100, 'most rows in a page'),
    after: cursor,
  })
  .describe('Instruments that the sources list')

export const findQuery = z
  .object({
    text: name('part of an id, a ticker or a name'),
    source: sourceName.optional(),
    stored: flag('only instruments with stored data'),
    limit: count(1000, 20, 'most rows'),
  })
  .describe('Instruments by id, ticker or name')

export const coverageQuery = z
  .object({
    coins: list('ids, tickers or names of the coins, such as bitcoin,ETH; all coins when left out'),
    sources: list('only these sources'),
    currencies: list('only figures in these currencies, such as usd'),
    type: z.enum(HISTORY_TYPES).optional().describe('only records of this type; all types when left out'),
    timeframe: z.enum(TIMEFRAMES).optional().describe('only candles of this length'),
    from: time('only what lies after this time: 2026-01-31, ISO 8601, -7d, yesterday or now; in UTC unless it names a zone'),
    to: time('only what lies before this time'),
    gaps: flag('only series with gaps'),
    limit: count(1000, 100, 'most series'),
  })
  .describe('The stored spans and the gaps of each series')
