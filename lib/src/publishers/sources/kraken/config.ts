import type { z } from 'zod'
import { type SettingTraits, venueConfig } from '../../venue/index.ts'

export const traits: SettingTraits = {
  env: 'KRAKEN',
  limits: {
    subscriptionsPerSocket: 300,
    topicsPerRequest: 50,
    requestsPerSecond: 4,
    // Kraken takes about 150 connections of an address in 10 minutes.
    connectionsPerMinute: 15,
    socketsPerAddress: 40,
  },
  timeframes: ['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w'],
  quotes: ['USD'],
  bookLevels: { most: 100, usual: 20 },
}

/** Settings of an instance, under `sources.<name>` in qicore.yaml. */
export const config = venueConfig(traits)
export type KrakenConfig = z.output<typeof config>
