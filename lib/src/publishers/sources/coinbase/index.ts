import { defineSource } from '../../../base/types/index.ts'
import { openVenueHistory, openVenueSource } from '../../venue/index.ts'
import { config } from './config.ts'
import { openVenue } from './venue.ts'

export type { CoinbaseConfig } from './config.ts'

export const coinbase = defineSource({
  name: 'coinbase',
  summary: 'Trades, quotes and order books of Coinbase Exchange, live; trades and candles of the past',
  terms: {
    attribution: 'name Coinbase as the source where its data are shown',
    redistribution:
      'not without the written consent of Coinbase, which also asks for it before indexes and benchmarks are made of its data',
    url: 'https://www.coinbase.com/legal/market_data',
  },
  config,
  open: async (settings, context) => openVenueSource(openVenue(settings, context), settings, context),
  history: async (settings, context) => openVenueHistory(openVenue(settings, context), settings),
  contiguous: () => ['trade'],
})
