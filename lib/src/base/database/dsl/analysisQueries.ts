import { z } from 'zod'
import { TIMEFRAMES, toQiError } from '../../types/index.ts'
import { LENGTH, parseBucket } from './bucket.ts'
import { count, cursor, name, sourceName, time } from './parameters.ts'

/** Which series, and which stretch of it: what every verb over candles takes. */
export const ofSeries = {
  coin: name("the source's id of the coin, such as bitcoin"),
  source: sourceName.optional(),
  currency: name('the currency of the figures, such as usd').optional(),
}
export const ofRange = {
  from: time('candles that open at or after it: ISO 8601 or a date, in UTC unless it names a zone'),
  to: time('candles that open before it'),
}
export const timeframe = z.enum(TIMEFRAMES).default('1h').describe('the length of a candle')

export const MATERIALS = ['any', 'bars', 'trades', 'prices'] as const

export const bucketedQuery = z
  .object({
    ...ofSeries,
    bucket: z
      .string()
      .meta({ pattern: LENGTH.source })
      .superRefine((text, context) => {
        try {
          parseBucket(text)
        } catch (error) {
          context.addIssue({ code: 'custom', message: toQiError(error).message })
        }
      })
      .default('1h')
      .describe('the length of a candle: whatever divides a day, or whole days, such as 90s, 10m, 6h, 2d or 1w'),
    made_of: z
      .enum(MATERIALS)
      .default('any')
      .describe('what to build from; any: stored bars where held, else trades, else prices'),
    ...ofRange,
    limit: count(10_000, 500, 'most candles; the latest of the range'),
  })
  .describe('Candles of any length of one series, oldest first')

export const anomaliesQuery = z
  .object({
    ...ofSeries,
    timeframe,
    window: count(500, 60, 'how many returns before a candle its own is measured against', 10),
    threshold: z.coerce
      .number()
      .min(1)
      .max(1000)
      .default(5)
      .describe('the score beyond which a return is an anomaly; of a normal distribution one in 1.7 million is beyond 5'),
    ...ofRange,
    limit: count(5000, 500, 'most candles examined; the latest of the range'),
  })
  .describe('Candles whose return stands out from those before it')

export const dataHealthQuery = z
  .object({
    coin: name("only this coin: the source's id of it, such as bitcoin").optional(),
    source: sourceName.optional(),
    currency: name('only figures in this currency, such as usd').optional(),
    from: time('the stretch that is examined: its begin; default: a day before its end'),
    to: time('its end; default: now'),
    limit: count(200, 50, 'most series in a page'),
    after: cursor,
  })
  .describe('What is held of each series, how fresh and how complete it is')
