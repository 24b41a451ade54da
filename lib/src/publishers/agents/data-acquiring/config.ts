import { z } from 'zod'
import { idCheck } from '../../../base/types/index.ts'
import { DURATION, durationText, millisOf } from './duration.ts'
import { longestAge, TIMEFRAMES } from './windows.ts'

export const PRIORITIES = ['high', 'normal', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

const entry = z
  .strictObject({
    coins: z.array(z.string().trim().min(1).max(200).check(idCheck)).min(1).describe("CoinGecko's ids, such as bitcoin"),
    kind: z
      .enum(['prices', 'ohlc'])
      .default('prices')
      .describe('prices share calls; candles need one for each coin and currency'),
    timeframe: z.enum(TIMEFRAMES).default('30m').describe('of candles; 1h and 1d need a paid plan'),
    currencies: z.array(z.string().trim().toLowerCase().min(1).max(20).check(idCheck)).min(1).default(['usd']),
    priority: z.enum(PRIORITIES).default('normal').describe('order while promises are overdue'),
    max_age: z.string().regex(DURATION, 'expected such as 90s, 10m, 6h or 1d').describe('longest age that is promised'),
  })
  .check(({ value: { kind, timeframe, max_age }, issues }) => {
    if (!DURATION.test(max_age)) return
    const refuse = (message: string) => issues.push({ code: 'custom', input: max_age, path: ['max_age'], message })
    if (millisOf(max_age) < 1000) refuse('expected 1s or more')
    const longest = longestAge(timeframe)
    if (kind === 'ohlc' && millisOf(max_age) > longest)
      refuse(`candles of ${timeframe} would be missed: expected ${durationText(longest)} or less`)
  })
export type WatchEntry = z.output<typeof entry>

/** Under `agents.data-acquiring`. */
export const config = z.object({
  watch: z
    .array(entry)
    .default([])
    .describe(
      'instruments to keep fresh: coins, kind (prices, ohlc), timeframe, currencies, priority (high, normal, low) and max_age',
    ),
  source: z
    .string()
    .min(1)
    .default('coingecko')
    .describe('an instance of coingecko: its account is used, and its name is the source of the records'),
  through: z
    .enum(['rest', 'mcp'])
    .default('rest')
    .describe("rest: CoinGecko's API; mcp: its MCP server, which mcp.servers has to name"),
  calls_at_once: z.int().min(1).max(50).default(4).describe('most calls at once in one process'),
  backfill_cron: z
    .string()
    .default('40 3 * * *')
    .describe('schedule of filling gaps of the watched instruments, in UTC; it stops while a promise is overdue'),
})
export type AcquiringConfig = z.output<typeof config>
