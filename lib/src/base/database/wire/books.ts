import { formatTime } from '../../types/index.ts'
import type { BookLevel, OrderBook } from '../dsl/results.ts'

const levelWire = ({ price, size, total }: BookLevel) => ({ price, size, total })

export const bookWire = ({ book, bids, asks, spread, spreadBps, ageSeconds, others }: OrderBook) => ({
  coin_id: book.coinId,
  source: book.source,
  currency: book.currency,
  time: formatTime(book.time),
  received_at: formatTime(book.receivedAt),
  origin: book.origin,
  sequence: book.sequence,
  verified: book.verified,
  computed: 'float64' as const,
  ...(spread !== undefined && { spread }),
  ...(spreadBps !== undefined && { spread_bps: spreadBps }),
  age_seconds: ageSeconds,
  bids: bids.map(levelWire),
  asks: asks.map(levelWire),
  others: others.map(({ source, currency }) => ({ source, currency })),
})
