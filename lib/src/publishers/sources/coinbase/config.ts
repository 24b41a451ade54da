import type { z } from 'zod'
import { type SettingTraits, venueConfig } from '../../venue/index.ts'

export const traits: SettingTraits = {
  env: 'COINBASE',
  limits: {
    subscriptionsPerSocket: 200,
    topicsPerRequest: 50,
    // Coinbase takes 8 requests a second from an address, connections among them.
    requestsPerSecond: 4,
    connectionsPerMinute: 60,
    socketsPerAddress: 50,
  },
  timeframes: [],
  quotes: ['USD'],
  bookLevels: { most: 100, usual: 20 },
}

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = venueConfig(traits)
export type CoinbaseConfig = z.output<typeof config>
