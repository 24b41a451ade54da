import { z } from 'zod'
import { isPlainUrl, plainUrlExpected } from '../../../base/networking/index.ts'
import { idCheck, TIMEFRAMES } from '../../../base/types/index.ts'
import { CALL_TIMEOUT_MS } from '../shared/Caller.ts'

const seconds = (what: string, usual: number) =>
  z.number().min(1).max(86_400).default(usual).describe(`seconds between two fetches of the ${what} of all symbols`)

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = z.strictObject({
  exchange: z
    .string()
    .regex(/^[a-z0-9]{1,40}$/, 'expected the name of an exchange as ccxt writes it, such as mexc')
    .optional()
    .describe('the exchange, by its name in ccxt; default: the name of the source'),
  symbols: z
    .array(z.string().trim().min(3).max(100).check(idCheck))
    .min(1)
    .max(2000)
    .default(['BTC/USDT'])
    .describe("the spot pairs to follow, in ccxt's form, such as BTC/USDT")
    .meta({ open: true }),
  candles: z
    .array(z.enum(TIMEFRAMES))
    .default(['1m'])
    .describe('the lengths of the candles to fetch; an empty list fetches none')
    .meta({ open: true }),
  trades: z
    .boolean()
    .default(false)
    .describe('fetches trades too; between two fetches an exchange may have had more than it shows')
    .meta({ open: true }),
  tickers: z.boolean().default(true).describe('fetches the last price and the best bid and ask').meta({ open: true }),
  every_s: z
    .strictObject({ candles: seconds('candles', 60), trades: seconds('trades', 10), tickers: seconds('tickers', 10) })
    .prefault({})
    .describe('how often each kind of record is fetched')
    .meta({ open: true }),
  trades_per_call: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('the most trades of one answer; default: what the exchange gives when it is not told'),
  calls_per_minute: z
    .number()
    .positive()
    .optional()
    .describe(
      "the most calls, in calls of ccxt's cost 1, that share an address; default: the limit that ccxt has for the exchange",
    ),
  sandbox: z.boolean().default(false).describe("the exchange's test system, where it has one"),
  base_url: z
    .string()
    .refine((url) => isPlainUrl('http', url), plainUrlExpected('http'))
    .optional()
    .describe("takes the place of scheme and host in each of the exchange's addresses, such as for a proxy of your own"),
  timeout_ms: z.int().min(100).max(300_000).default(CALL_TIMEOUT_MS).describe('the time limit of one call'),
})
export type CcxtConfig = z.output<typeof config>
