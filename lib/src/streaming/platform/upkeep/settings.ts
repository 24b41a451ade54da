import { z } from 'zod'
import { LAYOUT_SETTINGS } from '../../../base/database/index.ts'

const MOST_DAYS = 36_500
const days = (what: string) => z.number().positive().max(MOST_DAYS).optional().describe(`days to keep ${what}; unset keeps all`)

/** Days of what grows by gigabytes a day and is seldom read again. */
const daysUnlessNone = (what: string, usual: number) =>
  z
    .union([z.number().positive().max(MOST_DAYS), z.literal('none')])
    .default(usual)
    .transform((value) => (value === 'none' ? undefined : value))
    .describe(`days to keep ${what}; none keeps all`)

/** `store:` in qicore.yaml: the store over time. */
export const storeSettings = z.object({
  layout: z
    .enum(LAYOUT_SETTINGS)
    .default('auto')
    .describe(
      'how the tables of a new database are laid out: auto makes hypertables where TimescaleDB can be had, hypertables fails where it cannot, plain makes none',
    )
    .meta({ env: 'QICORE_STORE_LAYOUT' }),
  retention: z
    .object({
      price: days('prices'),
      ohlcv: days('stored candles'),
      trade: days('trades'),
      quote: daysUnlessNone('quotes', 30),
      book: daysUnlessNone('order books', 7),
      indicator: days('indicators'),
      market_analytics: days('market analytics'),
      trending: days('trending lists'),
      alert: days('alerts'),
      corporate_action: days('corporate actions'),
      observation: days('observations of economic series'),
    })
    .prefault({}),
  retention_every_minutes: z.number().positive().max(1440).default(60).describe('minutes between two removals of old records'),
  compress_after: z
    .number()
    .positive()
    .max(36_500)
    .optional()
    .describe('days after which chunks are compressed, on TimescaleDB; unset compresses none'),
  rollups: z
    .object({
      enabled: z.boolean().default(true).describe('keep bars of 1m to 1d of trades, prices and one-minute candles'),
      every_ms: z.int().min(50).max(3_600_000).default(2000).describe('milliseconds between two rollups of what was written'),
      workers: z.int().min(1).max(8).default(2).describe('parts of the series that this process rolls up at once'),
    })
    .prefault({}),
})

export type StoreSettings = z.output<typeof storeSettings>
