import type { TimeTable } from './hypertables.ts'

/**
 * How a compressed chunk is arranged: rows of one segment lie together, in this order. Every column of the primary key must be
 * in one of the two.
 */
export const ARRANGEMENT: Readonly<Record<TimeTable, { readonly segmentBy: string; readonly orderBy: string }>> = {
  crypto_prices: { segmentBy: 'series', orderBy: 'time desc' },
  ohlcv_data: { segmentBy: 'series', orderBy: 'time desc' },
  trades: { segmentBy: 'series', orderBy: 'time desc, sequence desc, received_at desc' },
  quotes: { segmentBy: 'series', orderBy: 'time desc, sequence desc' },
  indicators: { segmentBy: 'series', orderBy: 'time desc' },
  market_analytics: { segmentBy: 'series', orderBy: 'time desc' },
  trending: { segmentBy: 'series', orderBy: 'time desc, rank' },
}
