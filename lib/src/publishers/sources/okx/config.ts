import { z } from 'zod'
import { type SettingTraits, settingProblems, venueFields } from '../../venue/index.ts'

export const MARKETS = ['spot', 'swap'] as const
export type Market = (typeof MARKETS)[number]

export const traits: SettingTraits = {
  env: 'OKX',
  limits: {
    // A connection takes 480 requests an hour; a topic that gets no answer is asked for alone, so that all of them once more fit in.
    subscriptionsPerSocket: 200,
    topicsPerRequest: 100,
    requestsPerSecond: 3,
    // Three a second.
    connectionsPerMinute: 180,
    socketsPerAddress: 100,
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
    .describe('spot, or swap: linear perpetuals, named BTC/USDT:USDT, with amounts in base units instead of contracts'),
})

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = fields.check((context) => {
  for (const { path, message } of settingProblems(context.value, traits))
    context.issues.push({ code: 'custom', input: context.value, path: [...path], message })
})
export type OkxConfig = z.output<typeof config>
