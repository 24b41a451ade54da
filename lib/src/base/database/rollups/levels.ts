import { type Micros, type RecordName, type Timeframe, timeframeMicros } from '../../types/index.ts'
import { numberOf } from '../series/lookup.ts'

/** The lengths that are kept rolled up, each from the one before it. */
export const LEVELS = ['1m', '5m', '15m', '1h', '4h', '1d'] as const satisfies readonly Timeframe[]
export type Level = (typeof LEVELS)[number]

/** All but the first: on TimescaleDB these are continuous aggregates. */
export const COARSER = LEVELS.slice(1) as readonly Level[]

export const finerLevel = (level: Level): Level => LEVELS[Math.max(0, LEVELS.indexOf(level) - 1)] as Level

/** What bars are rolled up from: trades, prices, or stored bars of one minute. */
export const ROLLED = ['trades', 'prices', 'candles'] as const
export type Rolled = (typeof ROLLED)[number]

/** Where the records of each lie, and which of the table's rows they are. */
export const RAW: Readonly<
  Record<Rolled, { readonly table: string; readonly rows: string; readonly type: RecordName; readonly timeframe: string }>
> = {
  trades: { table: 'trades_rows', rows: '', type: 'trade', timeframe: '' },
  prices: { table: 'crypto_prices_rows', rows: '', type: 'price', timeframe: '' },
  candles: { table: 'ohlcv_data_rows', rows: 'and o.flaw is null', type: 'ohlcv', timeframe: '1m' },
}

/** SQL: that a row `o` belongs to the series with these names. */
export const ofRaw = (rolled: Rolled, of: Readonly<Record<'coin_id' | 'source' | 'currency', string>>): string =>
  `o.series = ${numberOf(RAW[rolled].type, { ...of, timeframe: `'${RAW[rolled].timeframe}'` })}`

/** The view with the bars of a level, whatever keeps them: `rollup_1h`. */
export const viewOf = (level: Level): string => `rollup_${level}`

/** The coarsest level whose bars fill buckets of this length and origin without a remainder. */
export function levelFor(length: Micros, origin: Micros): Level | undefined {
  const fits = (level: Level) => length % timeframeMicros(level) === 0 && origin % timeframeMicros(level) === 0
  return LEVELS.findLast(fits)
}
