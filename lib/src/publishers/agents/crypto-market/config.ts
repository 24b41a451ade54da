import { z } from 'zod'
import { marketSettings } from '../shared/settings.ts'

/** Reads stored records only and asks no source. */
export const STORED = 'stored'

export const config = marketSettings.extend({
  fetch: z
    .string()
    .min(1)
    .default(STORED)
    .describe(
      'what is looked at: what is stored alone, or what CoinGecko says now: the name of an instance of coingecko, whose settings hold',
    ),
})
