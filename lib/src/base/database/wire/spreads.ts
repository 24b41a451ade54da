import { formatTime, type Quote } from '../../types/index.ts'
import type { BestSpread, Spreads, VenueSpread } from '../dsl/results.ts'

const venueWire = ({ quote, spread, spreadBps, ageSeconds, stale }: VenueSpread) => ({
  coin_id: quote.coinId,
  source: quote.source,
  currency: quote.currency,
  time: formatTime(quote.time),
  origin: quote.origin,
  bid: quote.bid,
  bid_size: quote.bidSize,
  ask: quote.ask,
  ask_size: quote.askSize,
  spread,
  ...(spreadBps !== undefined && { spread_bps: spreadBps }),
  age_seconds: ageSeconds,
  stale,
})

const sideWire = ({ coinId, source, currency, time, ...quote }: Quote, side: 'bid' | 'ask') => ({
  coin_id: coinId,
  source,
  currency,
  time: formatTime(time),
  price: quote[side],
  size: side === 'bid' ? quote.bidSize : quote.askSize,
})

const bestWire = ({ currencies, venues, bid, ask, difference, differenceBps }: BestSpread) => ({
  currencies: [...currencies],
  venues,
  bid: sideWire(bid, 'bid'),
  ask: sideWire(ask, 'ask'),
  difference,
  ...(differenceBps !== undefined && { difference_bps: differenceBps }),
})

export const spreadsWire = ({ coin, maxAge, venues, best }: Spreads) => ({
  coin,
  max_age: maxAge,
  computed: 'float64' as const,
  venues: venues.map(venueWire),
  best: best.map(bestWire),
})
