import { marketOrder } from '../tables/marketOrder.ts'
import type { Rolled } from './levels.ts'

/*
 * SQL aggregates that make one bar of the rows `o`. First and last are by event time, then by sequence. A bar made of finer bars has a
 * volume only if each of them has one. `first_at` and `last_at` are the times of the first and last row, from which silences are
 * computed.
 */

const first = (value: string, order: string): string => `(array_agg(${value} order by ${order}))[1]`

const ofRows = (value: string, order: readonly string[]): string => {
  const last = order.map((column) => `${column} desc`).join(', ')
  return `${first(value, order.join(', '))} as open, max(${value}) as high, min(${value}) as low, ${first(value, last)} as close`
}

const rows = (order: readonly string[]): string => `count(*) as pieces, max(o.received_at) as received_at,
  bool_or(o.origin = 'simulated') as simulated, ${first('o.origin', order.map((column) => `${column} desc`).join(', '))} as origin`

const ofBars = (closed: string): string => `${first('o.open', 'o.time')} as open, max(o.high) as high, min(o.low) as low,
  ${first('o.close', 'o.time desc')} as close,
  case when count(*) = count(o.volume) then sum(o.volume) end as volume,
  case when count(*) = count(o.trade_count) then sum(o.trade_count)::bigint end as trade_count, bool_and(${closed}) as is_final`

const EDGES = 'min(o.time) as first_at, max(o.time) as last_at'

/**
 * SQL condition: a stored bar is closed. Its source must say so, and it must have been received after its end.
 * @param length the bar's length, an SQL interval
 * @param closes SQL: true for a market with closed hours. Its bars may end earlier; they were checked against the calendar when stored.
 */
export const isClosed = (row: string, length: string, closes = 'false'): string =>
  `(${row}.is_final and (${closes} or ${row}.received_at >= ${row}.time + ${length}))`

/** SQL: the flaw of a bar that does not open where bars of its length do in UTC. */
export const OFF_GRID = "'opens off the grid of its timeframe'"

/**
 * SQL condition: nothing is wrong with a stored bar. The store knows the grid in UTC alone; bars of a market with sessions are counted from
 * the open of the session.
 * @param closes SQL: true for a market with closed hours
 */
export const isSound = (row: string, closes: string): string =>
  `(${row}.flaw is null or (${closes} and ${row}.flaw = ${OFF_GRID} and ${row}.high >= greatest(${row}.open, ${row}.close)
    and ${row}.low <= least(${row}.open, ${row}.close) and coalesce(${row}.volume >= 0, true)))`

const TRADES = marketOrder('trades', 'o')

/** Figures of stored bars. @param length of a bar, an SQL interval @param closes see {@link isClosed} */
export const barFigures = (length: string, closes?: string): string =>
  `${ofBars(isClosed('o', length, closes))}, ${rows(['o.time'])}, ${EDGES}`

/** Figures of the records themselves. */
export const FIGURES: Readonly<Record<Rolled, string>> = {
  trades: `${ofRows('o.price', TRADES)}, sum(o.amount) as volume, count(*) as trade_count, true as is_final, ${rows(TRADES)}, ${EDGES}`,
  // A price carries no traded volume.
  prices: `${ofRows('o.price', ['o.time'])}, null::numeric as volume, null::bigint as trade_count, true as is_final, ${rows(['o.time'])}, ${EDGES}`,
  candles: barFigures("interval '1 minute'"),
}

/** Figures of the bars of a finer level. */
export const COMPOSED = `${ofBars('o.is_final')}, sum(o.pieces)::bigint as pieces, max(o.received_at) as received_at,
  bool_or(o.simulated) as simulated, ${first('o.origin', 'o.time desc')} as origin, min(o.first_at) as first_at, max(o.last_at) as last_at`

/** The columns that all of these produce, in order. */
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
  'first_at',
  'last_at',
] as const
