import { z } from 'zod'
import { type SettingTraits, settingProblems, venueFields } from '../../venue/index.ts'

export const MARKETS = ['spot', 'usdm'] as const
export type Market = (typeof MARKETS)[number]

export const traits: SettingTraits = {
  env: 'BINANCE',
  limits: {
    subscriptionsPerSocket: 1000,
    topicsPerRequest: 100,
    requestsPerSecond: 4,
    connectionsPerMinute: 60,
    socketsPerAddress: 300,
    lifetimeMs: 86_400_000,
  },
  timeframes: ['1m', '1s', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w'],
  quotes: ['USDT'],
  bookLevels: { most: 100, usual: 20 },
}

const fields = z.strictObject({
  ...venueFields(traits),
  market: z
    .enum(MARKETS)
    .default('spot')
    .describe('spot, or usdm: perpetuals and futures with a margin in USDT or USDC, whose instruments are named BTC/USDT:USDT'),
  api_key: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9]{16,128}$/, 'is no key: expected 16 to 128 letters and digits')
    .optional()
    .describe('a key without permissions, where the venue asks for one to fetch old trades')
    .meta({ env: 'BINANCE_API_KEY', secret: true }),
})

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = fields.check((context) => {
  for (const { path, message } of settingProblems(context.value, traits))
    context.issues.push({ code: 'custom', input: context.value, path: [...path], message })
})
export type BinanceConfig = z.output<typeof config>
