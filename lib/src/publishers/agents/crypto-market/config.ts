import { z } from 'zod'
import { marketSettings } from '../shared/settings.ts'

export const config = marketSettings.extend({
  fetch: z
    .enum(['stored', 'coingecko'])
    .default('stored')
    .describe('what is looked at: what is stored alone, or what CoinGecko says now, under the settings of that source'),
})
