import { defineSource } from '../../../base/types/index.ts'
import { openVenueHistory, openVenueSource } from '../../venue/index.ts'
import { config } from './config.ts'
import { openVenue } from './venue.ts'

export type { OkxConfig } from './config.ts'

export const okx = defineSource({
  name: 'okx',
  summary: 'Trades, quotes, candles and order books of OKX, live and past: spot, or linear perpetuals with market: swap',
  config,
  terms: {
    attribution: 'Market data by OKX',
    redistribution: 'For your own use; passing the data on needs the consent of OKX',
    url: 'https://www.okx.com/help/okx-api-agreement',
  },
  open: async (settings, context) => openVenueSource(openVenue(settings, context), settings, context),
  history: async (settings, context) => openVenueHistory(openVenue(settings, context), settings),
  contiguous: () => ['trade'],
})
