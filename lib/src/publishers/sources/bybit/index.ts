import { defineSource } from '../../../base/types/index.ts'
import { openVenueHistory, openVenueSource } from '../../venue/index.ts'
import { config } from './config.ts'
import { openVenue } from './venue.ts'

export type { BybitConfig } from './config.ts'

export const bybit = defineSource({
  name: 'bybit',
  summary:
    'Trades, quotes, candles and order books of Bybit, live, and past candles: spot, or linear perpetuals with market: linear',
  config,
  terms: {
    attribution: 'Market data by Bybit',
    redistribution: 'For your own use; passing the data on needs the consent of Bybit',
    url: 'https://www.bybit.com/app/terms-service/information',
  },
  open: async (settings, context) => openVenueSource(openVenue(settings, context), settings, context),
  history: async (settings, context) => openVenueHistory(openVenue(settings, context), settings),
})
