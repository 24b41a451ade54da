import { type Micros, type RecordName, type Timeframe, timeframeMicros } from '../../types/index.ts'

/** The lengths that are kept rolled up, each from the one before it. */
export const LEVELS = ['1m', '5m', '15m', '1h', '4h', '1d'] as const satisfies readonly Timeframe[]
export type Level = (typeof LEVELS)[number]

/** All but the first: on TimescaleDB these are continuous aggregates. */
export const COARSER = LEVELS.slice(1) as readonly Level[]

/** Its place among the levels: what the marks store. */
export const orderOf = (level: Level): number => LEVELS.indexOf(level)

export const finerLevel = (level: Level): Level => LEVELS[Math.max(0, orderOf(level) - 1)] as Level

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

/** The finest level that is made of the records themselves: stored bars of one minute are none that we make. */
export const lowestOf = (rolled: Rolled): Level => (rolled === 'candles' ? '5m' : '1m')

/** SQL: the length of a bar. */
export const lengthOf = (level: Level): string => `interval '${timeframeMicros(level) / 1e6} seconds'`

/** SQL: the kind of records that the bars of a series `s` are made of. */
export const ROLLED_OF_SERIES = `case s.type when 'trade' then 'trades' when 'price' then 'prices' else 'candles' end collate "C"`

/** The view with the bars of a level, whatever keeps them: `rollup_1h`. */
export const viewOf = (level: Level): string => `rollup_${level}`

/** The coarsest level whose bars fill buckets of this length and origin without a remainder. */
export function levelFor(length: Micros, origin: Micros): Level | undefined {
  const fits = (level: Level) => length % timeframeMicros(level) === 0 && origin % timeframeMicros(level) === 0
  return LEVELS.findLast(fits)
}
