import { z } from 'zod'
import { HISTORY_TYPES, parseTime, SOURCE_NAME, TIMEFRAMES, toQiError } from '../../types/index.ts'

/** `a,b` or a list; the form that URL parameters and command lines take. */
const list = (description: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((part) => part.trim()).filter(Boolean))
    .refine((parts) => parts.length <= 1000, 'at most 1000')
    .optional()
    .describe(description)

const flag = (description: string) => z.union([z.boolean(), z.stringbool()]).default(false).describe(description)

const count = (max: number, preset: number, description: string) =>
  z.coerce.number().int().min(1).max(max).default(preset).describe(`${description}; at most ${max}`)

const cursor = z.string().max(2000).optional().describe('`next` of the page before')

const name = (description: string) => z.string().trim().min(1).max(200).describe(description)
const sourceName = z
  .string()
  .regex(SOURCE_NAME, 'a source name is lower case, such as coingecko')
  .describe('the venue or provider')

const time = (description: string) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: toQiError(error).message })
        return z.NEVER
      }
    })
    .optional()
    .describe(description)

export const latestPricesQuery = z
  .object({
    coins: list("the source's ids of the coins, such as bitcoin,ethereum; all coins when left out"),
    sources: list('only these sources'),
    currencies: list('only figures in these currencies, such as usd'),
    include_simulated: flag('also the simulated rows of coins that have real ones'),
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
    from: time('candles that open at or after it: ISO 8601 with a zone, or a date in UTC'),
    to: time('candles that open before it'),
    limit: count(10_000, 500, 'most candles; the latest of the range'),
  })
  .describe('Candles of one series, oldest first')

export const marketSummaryQuery = z
  .object({
    sources: list('only these sources'),
    currencies: list('only figures in these currencies'),
    include_simulated: flag('also simulated figures where there are real ones'),
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
    type: z.enum(HISTORY_TYPES).optional().describe('prices or candles; both when left out'),
    timeframe: z.enum(TIMEFRAMES).optional().describe('only candles of this length'),
    from: time('only what lies after it: ISO 8601 with a zone, or a date in UTC'),
    to: time('only what lies before it'),
    gaps: flag('only series that miss something'),
    limit: count(1000, 100, 'most series'),
  })
  .describe('What is held of each series, and what is missing')
