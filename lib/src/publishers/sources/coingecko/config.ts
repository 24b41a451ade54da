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
import { planCalls } from './schedule.ts'

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
    .describe('the key of a demo or paid account')
    .meta({ env: 'COINGECKO_API_KEY', secret: true }),
  plan: z
    .enum(PLAN_NAMES)
    .optional()
    .describe('keyless, demo or pro; default: demo where a key is given')
    .meta({ env: 'COINGECKO_PLAN' }),
  base_url: z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((urls) => (typeof urls === 'string' ? urls.split(',') : urls).map((url) => url.trim()).filter(Boolean))
    .check(z.refine((urls) => urls.length > 0 && urls.every((url) => isPlainUrl('http', url)), plainUrlExpected('http')))
    .optional()
    .describe(
      'the base URL of the API, which ends before /coins/…; several share the calls, and each is a fallback of the others; default: that of the plan',
    )
    .meta({ env: 'COINGECKO_BASE_URL' }),
  coins: z
    .array(z.string().trim().min(1).max(200).check(idCheck))
    .min(1)
    .optional()
    .describe('ids of the coins to follow, such as bitcoin; default: the top ones')
    .meta({ open: true }),
  top: z
    .int()
    .min(1)
    .max(5000)
    .default(100)
    .describe('how many coins to follow, by capitalisation, if coins is unset')
    .meta({ open: true }),
  currencies: z
    .array(z.string().trim().toLowerCase().min(1).max(20))
    .min(1)
    .default(['usd'])
    .describe('the currencies of the figures')
    .meta({ open: true }),
  intervals: z
    .strictObject({
      prices: seconds('two fetches of the prices of all coins'),
      market: seconds('two fetches of the market figures'),
      trending: seconds('two fetches of the trending coins'),
      instruments: seconds('two fetches of the list of all coins'),
      ohlc: seconds('two fetches of the candles of the same coin'),
    })
    .default({})
    .describe('how often each kind of record is fetched')
    .meta({ open: true }),
  calls_per_minute: z
    .number()
    .positive()
    .optional()
    .describe('the limit of the account; default: that of the plan (10, 30, 250)'),
  calls_per_month: z
    .number()
    .positive()
    .optional()
    .describe('the credits of the account; default: those of the plan (none, 10000, 100000)'),
  timeout_ms: z.int().min(100).max(300_000).default(CALL_TIMEOUT_MS).describe('the time limit of one call'),
  retry: retrySettings.prefault({}).describe('how a failed call is retried'),
  breaker: breakerSettings.prefault({}).describe('the circuit breaker of each address'),
  tls: tlsSettings('COINGECKO', 'the API').prefault({}).describe('for an API of your own'),
})

/** Settings of an instance, under `sources.<name>` in qicore.yaml. Intervals that exceed the account's limits are refused, with the arithmetic. */
export const config = fields.check((context) => {
  const { plan, api_key } = context.value
  if (plan && plan !== 'keyless' && !api_key)
    context.issues.push({
      code: 'custom',
      input: plan,
      path: ['plan'],
      message: `the ${plan} plan needs a key: set api_key too`,
    })
  for (const { path, message } of tlsProblems(context.value.tls))
    context.issues.push({ code: 'custom', input: context.value.tls, path, message })
  const { problem } = planCalls(context.value)
  if (problem) context.issues.push({ code: 'custom', input: context.value.intervals, path: ['intervals'], message: problem })
})
export type CoinGeckoConfig = z.output<typeof config>
