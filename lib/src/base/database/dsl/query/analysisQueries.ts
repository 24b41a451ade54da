import { z } from 'zod'
import { TIMEFRAMES, toQiError } from '../../../types/index.ts'
import { LENGTH, parseBucket } from '../candles/bucket.ts'
import { count, cursor, name, sourceName, time } from './parameters.ts'

/** The parameters of a series, common to every verb over candles. */
export const ofSeries = {
  coin: name('id, ticker or name of the coin, such as bitcoin or BTC'),
  source: sourceName.optional(),
  currency: name('the currency of the figures, such as usd').optional(),
}
/** The parameters of a range, common to every verb over candles. */
export const ofRange = {
  from: time(
    'candles that open at or after this time: 2026-01-31, ISO 8601, -7d, yesterday or now; in UTC unless it names a zone',
  ),
  to: time('candles that open before this time'),
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
      .describe('the length of a candle: one that divides a day, or whole days, such as 90s, 10m, 6h, 2d or 1w'),
    made_of: z
      .enum(MATERIALS)
      .default('any')
      .describe('the data to build from; any: stored bars if there are any, else trades, else prices'),
    ...ofRange,
    limit: count(10_000, 500, 'most candles; the latest of the range'),
  })
  .describe('Candles of any length of one series, oldest first')

export const anomaliesQuery = z
  .object({
    ...ofSeries,
    timeframe,
    window: count(500, 60, 'how many earlier returns the return of a candle is compared with', 10),
    threshold: z.coerce
      .number()
      .min(1)
      .max(1000)
      .default(5)
      .describe('the score beyond which a return is an anomaly; in a normal distribution one in 1.7 million is beyond 5'),
    ...ofRange,
    limit: count(5000, 500, 'most candles examined; the latest of the range'),
  })
  .describe('Candles whose return stands out from those before it')

export const dataHealthQuery = z
  .object({
    coin: name('only this coin: its id, ticker or name').optional(),
    source: sourceName.optional(),
    currency: name('only figures in this currency, such as usd').optional(),
    from: time('start of the range that is examined; default: a day before its end'),
    to: time('end of the range that is examined; default: now'),
    limit: count(200, 50, 'most series in a page'),
    after: cursor,
  })
  .describe('Freshness and completeness of each stored series')
