import { z } from 'zod'
import {
  breakerSettings,
  isPlainUrl,
  plainUrlExpected,
  retrySettings,
  tlsProblems,
  tlsSettings,
} from '../../../base/networking/index.ts'
import { idCheck } from '../../../base/types/index.ts'
import { CALL_TIMEOUT_MS } from '../shared/Caller.ts'
import { API_KEY, PLAN_NAMES } from './plans.ts'
import { planCredits } from './schedule.ts'
import { ADJUSTMENTS, TWELVEDATA_URL } from './TwelveDataClient.ts'
import { TWELVEDATA_TIMEFRAMES } from './timeframes.ts'

const seconds = (what: string) =>
  z
    .int()
    .min(0)
    .max(31 * 86_400)
    .optional()
    .describe(`seconds between ${what}; 0 never; default: what the plan allows`)

const fields = z.strictObject({
  api_key: z
    .string()
    .trim()
    .regex(API_KEY, 'holds a character that no key has')
    .optional()
    .describe('the key of the account; there is no access without one')
    .meta({ env: 'TWELVEDATA_API_KEY', secret: true }),
  plan: z
    .enum(PLAN_NAMES)
    .default('basic')
    .describe('the plan of the account: decides credits and the live stream')
    .meta({ env: 'TWELVEDATA_PLAN' }),
  base_url: z
    .string()
    .refine((url) => isPlainUrl('http', url), plainUrlExpected('http'))
    .default(TWELVEDATA_URL)
    .describe('the base URL of the API')
    .meta({ env: 'TWELVEDATA_BASE_URL' }),
  symbols: z
    .array(z.string().trim().min(1).max(100).check(idCheck))
    .min(1)
    .max(500)
    .default(['AAPL:XNAS', 'EUR/USD'])
    .describe('the instruments to follow: AAPL:XNAS (ticker and exchange), EUR/USD, BTC/USD:Coinbase Pro')
    .meta({ open: true }),
  timeframes: z
    .array(z.enum(TWELVEDATA_TIMEFRAMES))
    .default(['1d'])
    .describe('the lengths of the candles to fetch; an empty list fetches none')
    .meta({ open: true }),
  adjust: z
    .enum(ADJUSTMENTS)
    .default('none')
    .describe(
      'the scale of candles: none (as traded), splits, dividends, or all; give each scale a source of its own, such as twelvedata-adjusted',
    ),
  intervals: z
    .strictObject({
      quotes: seconds('two fetches of the last price of each symbol'),
      candles: seconds('two fetches of the candles of each symbol and timeframe'),
      instruments: seconds('two fetches of what is known of each symbol'),
      actions: seconds('two fetches of the splits and dividends of each symbol, 40 credits each, from the plan grow on'),
    })
    .default({})
    .describe('how often each kind of record is fetched')
    .meta({ open: true }),
  settle_s: z
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe('a candle is final this many seconds after its end: Twelve Data corrects it in between'),
  credits_per_minute: z
    .int()
    .min(1)
    .optional()
    .describe('the limit of the account; default: that of the plan (8, 55, 610, 2584)'),
  credits_per_day: z
    .int()
    .min(1)
    .optional()
    .describe('the limit of the account; default: that of the plan (800 for basic, else none)'),
  timeout_ms: z.int().min(100).max(300_000).default(CALL_TIMEOUT_MS).describe('the time limit of one call'),
  retry: retrySettings.prefault({}).describe('how a failed call is retried'),
  breaker: breakerSettings.prefault({}).describe('the circuit breaker of the address'),
  tls: tlsSettings('TWELVEDATA', 'the API').prefault({}).describe('for an API of your own'),
})

/** Settings of an instance, under `sources.<name>` in qicore.yaml. Intervals that exceed the account's credits are refused, with the arithmetic. */
export const config = fields.check((context) => {
  for (const { path, message } of tlsProblems(context.value.tls))
    context.issues.push({ code: 'custom', input: context.value.tls, path, message })
  const { problem } = planCredits(context.value)
  if (problem) context.issues.push({ code: 'custom', input: context.value.intervals, path: ['intervals'], message: problem })
})
export type TwelveDataConfig = z.output<typeof fields>
