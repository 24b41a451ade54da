import type { TimeTable } from './hypertables.ts'

/**
 * How a compressed chunk is arranged: rows of one segment lie together, in this order. Every column of the primary key must be
 * in one of the two.
 */
export const ARRANGEMENT: Readonly<Record<TimeTable, { readonly segmentBy: string; readonly orderBy: string }>> = {
  crypto_prices: { segmentBy: 'coin_id, source, currency', orderBy: 'time desc' },
  ohlcv_data: { segmentBy: 'coin_id, source, currency, timeframe', orderBy: 'time desc' },
  trades: { segmentBy: 'coin_id, source', orderBy: 'time desc, sequence desc, received_at desc' },
  quotes: { segmentBy: 'coin_id, source', orderBy: 'time desc, sequence desc' },
  indicators: { segmentBy: 'coin_id, source, currency, timeframe, name, params', orderBy: 'time desc' },
  market_analytics: { segmentBy: 'source, currency', orderBy: 'time desc' },
  trending: { segmentBy: 'source', orderBy: 'time desc, rank' },
}
