import { defineSource } from '../../../base/types/index.ts'
import { openVenueHistory, openVenueSource } from '../../venue/index.ts'
import { config } from './config.ts'
import { openVenue } from './venue.ts'

export type { KrakenConfig } from './config.ts'

export const kraken = defineSource({
  name: 'kraken',
  summary: 'Trades, quotes, candles and verified order books of Kraken spot, live; trades and recent candles of the past',
  terms: {
    attribution: 'name Kraken as the source where its data are shown',
    redistribution: 'not without an agreement with Kraken: its terms of service let its data be used, not passed on',
    url: 'https://www.kraken.com/legal',
  },
  config,
  open: async (settings, context) => openVenueSource(openVenue(settings, context), settings, context),
  history: async (settings, context) => openVenueHistory(openVenue(settings, context), settings),
  contiguous: () => ['trade'],
})
