import { z } from 'zod'
import { idCheck, type Micros, readMoment, toQiError } from '../../../base/types/index.ts'
import { COINS } from './coins.ts'
import { CURRENCIES, type SimulatedCurrency } from './SimulatedMarket.ts'

const moment = (what: string) =>
  z
    .string()
    .transform((text, context): Micros => {
      try {
        return readMoment(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: toQiError(error).message })
        return z.NEVER
      }
    })
    .optional()
    .describe(what)

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = z.strictObject({
  seed: z
    .string()
    .min(1)
    .max(200)
    .default('qicore')
    .describe('seed of the market: the same seed always gives the same prices')
    .meta({ open: true }),
  coins: z
    .array(z.string().trim().min(1).max(200).check(idCheck))
    .min(1)
    .max(100_000)
    .refine((coins) => new Set(coins).size === coins.length, 'names a coin twice')
    .default(COINS.map(({ id }) => id))
    .describe('the coins to simulate; any id works')
    .meta({ open: true }),
  currency: z
    .enum(Object.keys(CURRENCIES) as [SimulatedCurrency, ...SimulatedCurrency[]])
    .default('usd')
    .describe('the currency of the figures')
    .meta({ open: true }),
  interval_ms: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(1000)
    .describe('milliseconds between two prices of a coin')
    .meta({ open: true }),
  rate: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe('prices a second over all coins, instead of interval_ms; for load tests')
    .meta({ open: true }),
  trade_ms: z
    .int()
    .min(1)
    .max(86_400_000)
    .optional()
    .describe('milliseconds between two trades of a coin, which are numbered without gaps; unset: no trades')
    .meta({ open: true }),
  candles: z.boolean().default(true).describe('true to give one-minute candles when they close').meta({ open: true }),
  running_candle: z
    .boolean()
    .default(false)
    .describe('true to give the running candle too, with each price')
    .meta({ open: true }),
  market: z
    .boolean()
    .default(true)
    .describe('true to give market analytics and trending coins, once a minute')
    .meta({ open: true }),
  from: moment('the first time, such as 2026-01-01T00:00:00Z; past records come without waiting; default: now').meta({
    open: true,
  }),
  until: moment('the source ends before this time; default: never').meta({ open: true }),
  count: z.int().min(1).optional().describe('number of prices before the source ends; default: no end').meta({ open: true }),
})

export type SimulatedConfig = z.output<typeof config>

/** Microseconds between two prices of a coin; the time of every price is a multiple. */
export const intervalOf = ({ rate, coins, interval_ms }: SimulatedConfig): Micros =>
  rate ? Math.max(1, Math.round((coins.length * 1_000_000) / rate)) : interval_ms * 1000
