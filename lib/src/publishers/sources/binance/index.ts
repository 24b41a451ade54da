import { defineSource } from '../../../base/types/index.ts'
import { openVenueHistory, openVenueSource } from '../../venue/index.ts'
import { config } from './config.ts'
import { openVenue } from './venue.ts'

export type { BinanceConfig } from './config.ts'

export const binance = defineSource({
  name: 'binance',
  summary: 'Trades, quotes, candles and order books of Binance, live and past: spot, or perpetuals with market: usdm',
  terms: {
    attribution: 'name Binance as the source where its data are shown',
    redistribution: 'for your own use; passing the data on needs the consent of Binance',
    url: 'https://www.binance.com/en/terms',
  },
  config,
  open: async (settings, context) => openVenueSource(openVenue(settings, context), settings, context),
  history: async (settings, context) => openVenueHistory(openVenue(settings, context), settings),
  contiguous: () => ['trade'],
})
