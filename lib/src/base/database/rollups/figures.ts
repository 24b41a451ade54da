import { marketOrder } from '../marketOrder.ts'
import type { Rolled } from './levels.ts'

/**
 * SQL that makes one bar of rows under the alias `o`. First and last are by event time, and by id within one time, so that the
 * order of arrival does not matter. A bar of finer bars has a volume only where each of them has one.
 */
const first = (value: string, order: string): string => `(array_agg(${value} order by ${order}))[1]`

const ofRows = (value: string, order: readonly string[]): string => {
  const last = order.map((column) => `${column} desc`).join(', ')
  return `${first(value, order.join(', '))} as open, max(${value}) as high, min(${value}) as low, ${first(value, last)} as close`
}

const rows = (order: readonly string[]): string => `count(*) as pieces, max(o.received_at) as received_at,
  bool_or(o.origin = 'simulated') as simulated, ${first('o.origin', order.map((column) => `${column} desc`).join(', '))} as origin`

const ofBars = `${first('o.open', 'o.time')} as open, max(o.high) as high, min(o.low) as low, ${first('o.close', 'o.time desc')} as close,
  case when count(*) = count(o.volume) then sum(o.volume) end as volume,
  case when count(*) = count(o.trade_count) then sum(o.trade_count)::bigint end as trade_count, bool_and(o.is_final) as is_final`

const TRADES = marketOrder('trades', 'o')

/** Of the records themselves. */
export const FIGURES: Readonly<Record<Rolled, string>> = {
  trades: `${ofRows('o.price', TRADES)}, sum(o.amount) as volume, count(*) as trade_count, true as is_final, ${rows(TRADES)}`,
  // A price says nothing of the volume traded since the one before.
  prices: `${ofRows('o.price', ['o.time'])}, null::numeric as volume, null::bigint as trade_count, true as is_final, ${rows(['o.time'])}`,
  candles: `${ofBars}, ${rows(['o.time'])}`,
}

/** Of the bars of a finer level. */
export const COMPOSED = `${ofBars}, sum(o.pieces)::bigint as pieces, max(o.received_at) as received_at,
  bool_or(o.simulated) as simulated, ${first('o.origin', 'o.time desc')} as origin`

/** The columns that both give, in their order. */
export const FIGURE_COLUMNS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'trade_count',
  'is_final',
  'pieces',
  'received_at',
  'simulated',
  'origin',
] as const
