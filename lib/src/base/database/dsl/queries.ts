import { z } from 'zod'
import { HISTORY_TYPES, TIMEFRAMES } from '../../types/index.ts'
import { count, cursor, flag, list, name, sourceName, time } from './parameters.ts'

export * from './analysisQueries.ts'
export { INDICATOR_NAMES, type IndicatorName, indicatorOf } from './indicators/index.ts'
export { type IndicatorInput, indicatorQueries } from './indicators/queries.ts'

export const latestPricesQuery = z
  .object({
    coins: list("the source's ids of the coins, such as bitcoin,ethereum; all coins when left out"),
    sources: list('only these sources'),
    currencies: list('only figures in these currencies, such as usd'),
    include_simulated: flag('also the simulated and handed-in (manual) rows of coins that a provider tells of'),
    limit: count(1000, 100, 'most rows in a page'),
    after: cursor,
  })
  .describe('The latest price of each (source, coin, currency)')

export const currentPriceQuery = z
  .object({
    coin: name("the source's id of the coin, such as bitcoin"),
    source: sourceName.optional(),
    currency: name('the currency of the figures, such as usd').optional(),
  })
  .describe('The price of one coin now')

export const candlesQuery = z
  .object({
    coin: name("the source's id of the coin, such as bitcoin"),
    source: sourceName.optional(),
    currency: name('the currency of the figures, such as usd').optional(),
    timeframe: z.enum(TIMEFRAMES).default('1h').describe('the length of a candle'),
    from: time('candles that open at or after it: ISO 8601 or a date, in UTC unless it names a zone'),
    to: time('candles that open before it'),
    limit: count(10_000, 500, 'most candles; the latest of the range'),
    fill: flag('also bars that repeat the last close where nothing happened between two candles, marked filled'),
  })
  .describe('Candles of one series, oldest first')

export const marketSummaryQuery = z
  .object({
    sources: list('only these sources'),
    currencies: list('only figures in these currencies'),
    include_simulated: flag('also simulated and handed-in (manual) figures where a provider gives some'),
    movers: count(100, 5, 'how many gainers and losers'),
  })
  .describe('The market as a whole: capitalisation, breadth and top movers')

export const INSTRUMENT_KINDS = ['currency', 'exchange', 'pair'] as const

export const instrumentsQuery = z
  .object({
    search: name('part of an id, a ticker or a name').optional(),
    kind: z.enum(INSTRUMENT_KINDS).optional().describe('what it is'),
    source: sourceName.optional(),
    limit: count(1000, 100, 'most rows in a page'),
    after: cursor,
  })
  .describe('What the sources list')

export const coverageQuery = z
  .object({
    coins: list("the source's ids of the coins, such as bitcoin,ethereum; all coins when left out"),
    sources: list('only these sources'),
    currencies: list('only figures in these currencies, such as usd'),
    type: z.enum(HISTORY_TYPES).optional().describe('only records of this type; all types when left out'),
    timeframe: z.enum(TIMEFRAMES).optional().describe('only candles of this length'),
    from: time('only what lies after it: ISO 8601 or a date, in UTC unless it names a zone'),
    to: time('only what lies before it'),
    gaps: flag('only series that miss something'),
    limit: count(1000, 100, 'most series'),
  })
  .describe('What is held of each series, and what is missing')
