import { z } from 'zod'
import { idCheck } from '../../../base/index.ts'
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
    priority: z.enum(PRIORITIES).default('normal').describe('who comes first while promises are overdue'),
    max_age: z.string().regex(DURATION, 'expected such as 90s, 10m, 6h or 1d').describe('how old it may become'),
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
    .describe('what is kept fresh: coins, kind (prices, ohlc), timeframe, currencies, priority (high, normal, low) and max_age'),
  source: z
    .string()
    .min(1)
    .default('coingecko')
    .describe('the source whose account it uses and whose name its records bear: an instance of coingecko'),
  through: z
    .enum(['rest', 'mcp'])
    .default('rest')
    .describe("what carries the calls: CoinGecko's API, or its MCP server where mcp.servers names it"),
  calls_at_once: z.int().min(1).max(50).default(4).describe('the most calls under way in one process'),
  backfill_cron: z
    .string()
    .default('40 3 * * *')
    .describe('when gaps of what is watched are filled, in UTC; it gives way while something is overdue'),
})
export type AcquiringConfig = z.output<typeof config>
