import { z } from 'zod'
import { type SettingTraits, settingProblems, venueFields } from '../../venue/index.ts'

export const MARKETS = ['spot', 'linear'] as const
export type Market = (typeof MARKETS)[number]

export const traits: SettingTraits = {
  env: 'BYBIT',
  limits: {
    // The names of the topics of a connection have 21,000 characters at most.
    subscriptionsPerSocket: 300,
    topicsPerRequest: 10,
    requestsPerSecond: 5,
    // 500 in five minutes.
    connectionsPerMinute: 100,
    socketsPerAddress: 500,
  },
  timeframes: ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d', '1w'],
  quotes: ['USDT'],
  bookLevels: { most: 100, usual: 20 },
}

const fields = z.strictObject({
  ...venueFields(traits),
  market: z
    .enum(MARKETS)
    .default('spot')
    .describe('spot, or linear: perpetuals with a margin in USDT or USDC, whose instruments are named BTC/USDT:USDT'),
})

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = fields.check((context) => {
  for (const { path, message } of settingProblems(context.value, traits))
    context.issues.push({ code: 'custom', input: context.value, path: [...path], message })
})
export type BybitConfig = z.output<typeof config>
