import { type Micros, type RecordName, type Timeframe, timeframeMicros } from '../../types/index.ts'

/** Lengths of the rolled-up bars; each level is built from the one before it. */
export const LEVELS = ['1m', '5m', '15m', '1h', '4h', '1d'] as const satisfies readonly Timeframe[]
export type Level = (typeof LEVELS)[number]

/** All levels but the first; on TimescaleDB these are continuous aggregates. */
export const COARSER = LEVELS.slice(1) as readonly Level[]

/** Index of a level; stored in marks. */
export const orderOf = (level: Level): number => LEVELS.indexOf(level)

export const finerLevel = (level: Level): Level => LEVELS[Math.max(0, orderOf(level) - 1)] as Level

/** Kinds of records that are rolled up; `candles` are stored bars of one minute. */
export const ROLLED = ['trades', 'prices', 'candles'] as const
export type Rolled = (typeof ROLLED)[number]

/** Table of each kind, with the condition on its rows, and the series they belong to. */
export const RAW: Readonly<
  Record<Rolled, { readonly table: string; readonly rows: string; readonly type: RecordName; readonly timeframe: string }>
> = {
  trades: { table: 'trades_rows', rows: '', type: 'trade', timeframe: '' },
  prices: { table: 'crypto_prices_rows', rows: '', type: 'price', timeframe: '' },
  candles: { table: 'ohlcv_data_rows', rows: 'and o.flaw is null', type: 'ohlcv', timeframe: '1m' },
}

/** The finest level built for a kind: 5m for stored one-minute bars, else 1m. */
export const lowestOf = (rolled: Rolled): Level => (rolled === 'candles' ? '5m' : '1m')

/** SQL: the length of a bar. */
export const lengthOf = (level: Level): string => `interval '${timeframeMicros(level) / 1e6} seconds'`

/** SQL: the kind of records that a series `s` holds. */
export const ROLLED_OF_SERIES = `case s.type when 'trade' then 'trades' when 'price' then 'prices' else 'candles' end collate "C"`

/** The view with the bars of a level, such as `rollup_1h`; the same for both keepers. */
export const rollupView = (level: Level): string => `rollup_${level}`

/** The coarsest level whose bars tile buckets of this length and origin. */
export function levelFor(length: Micros, origin: Micros): Level | undefined {
  const fits = (level: Level) => length % timeframeMicros(level) === 0 && origin % timeframeMicros(level) === 0
  return LEVELS.findLast(fits)
}
