import { z } from 'zod'
import { marketSettings } from '../shared/settings.ts'

/** Value of `fetch`: use stored records only. */
export const STORED = 'stored'

export const config = marketSettings.extend({
  fetch: z
    .string()
    .min(1)
    .default(STORED)
    .describe(
      'stored: use stored records only; else the name of a coingecko source, whose settings and limits are used to fetch first',
    ),
})
