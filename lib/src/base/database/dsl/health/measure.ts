import { type Calendar, formatTime, type Micros, openTime } from '../../../types/index.ts'
import { type RawRow, type RowReader, readInteger, readTime } from '../../reading/RowReader.ts'
import { isSound, OFF_GRID } from '../../rollups/figures.ts'
import { notFuture } from '../../tables/notFuture.ts'
import { registrySql } from '../../tables/seriesLookup.ts'
import { rowsTableOf } from '../../tables/tables.ts'
import type { Hole } from '../analysisResults.ts'
import type { SeriesKind } from './series.ts'

/** The most rows of a range that are examined; the newest. */
export const MOST_ROWS = 200_000
const LISTED = 10
/** The most holes examined for a market that closes at times: most of them are nights. */
const MOST_HOLES = 20_000

/** The figures of the rows of a series in a range. */
export interface Measured {
  readonly simulated: boolean
  readonly first: Micros
  readonly last: Micros
  readonly rows: number
  /** Rows whose time lies further ahead than a record may; they never count as the newest. */
  readonly future: number
  /** Median time between two rows. */
  readonly interval: Micros | undefined
  /** Live rows that arrived after a live row with a later time. */
  readonly late: number
  /** Bars that cannot be right; of these, `offGrid` do not open on the grid of their timeframe. */
  readonly flawed: number
  readonly offGrid: number
  readonly open: number
  readonly filled: number
}

const tableOf = (kind: SeriesKind['kind']): string =>
  rowsTableOf(kind === 'prices' ? 'crypto_prices' : kind === 'trades' ? 'trades' : 'ohlcv_data')
const isBars = (kind: SeriesKind['kind']): boolean => kind !== 'prices' && kind !== 'trades'
const NAMES = { coin_id: '$1', source: '$2', currency: '$3' }
const ofSeries = (kind: SeriesKind['kind']): string => `t.series = ${known('id', kind)}`
/** SQL: a column of the series in the registry. */
const known = (column: 'id' | 'first' | 'last' | 'origin', kind: SeriesKind['kind']): string =>
  registrySql(column, kind === 'prices' ? 'price' : kind === 'trades' ? 'trade' : 'ohlcv', {
    ...NAMES,
    ...(isBars(kind) && { timeframe: '$4' }),
  })
const keyOf = ({ coinId, source, currency, kind }: SeriesKind): string[] => [
  coinId,
  source,
  currency,
  ...(isBars(kind) ? [kind] : []),
]

/** SQL: a live row is late if a live row with a later time arrived before it; a backfilled row is never late. */
function statement(kind: SeriesKind['kind']): string {
  const next = isBars(kind) ? 5 : 4
  const bars = isBars(kind)
    ? `t.is_final, t.built_from, case when not ${isSound('t', `$${next + 2}::boolean`)} then t.flaw end as flaw`
    : "true as is_final, '' as built_from, null as flaw"
  const found = `from ${tableOf(kind)} as t where ${ofSeries(kind)}`
  return `with w as materialized (select t.time, t.received_at, t.origin, ${bars} from ${tableOf(kind)} as t
    where ${ofSeries(kind)} and t.time >= $${next}::timestamptz and t.time < $${next + 1}::timestamptz order by t.time desc limit ${MOST_ROWS}),
  g as (select *, extract(epoch from time - lag(time) over (order by time)) as gap,
    origin = 'live' and received_at > min(received_at) filter (where origin = 'live')
      over (order by time desc rows between unbounded preceding and 1 preceding) as is_late from w)
  select ${known('first', kind)} as first, coalesce(${known('last', kind)}, ${known('first', kind)}) as last,
    ${known('origin', kind)} = 'simulated' as simulated,
    (select count(*) from (select ${found} and not (${notFuture('t.time')}) limit ${MOST_ROWS}) as f) as future,
    count(*) as rows, percentile_cont(0.5) within group (order by gap) as interval,
    count(*) filter (where is_late) as late, count(*) filter (where not is_final) as open,
    count(*) filter (where built_from = 'filled') as filled, count(*) filter (where flaw is not null) as flawed,
    count(*) filter (where flaw = ${OFF_GRID}) as off_grid from g`
}

export async function measure(
  reader: RowReader,
  series: SeriesKind,
  calendar: Calendar,
  from: Micros,
  to: Micros,
): Promise<Measured> {
  const { kind } = series
  const values = [...keyOf(series), formatTime(from), formatTime(to), ...(isBars(kind) ? [!calendar.always] : [])]
  const [row = {}] = await reader.rows({ name: `health_${tableOf(kind)}`, text: statement(kind), values })
  const count = (name: string) => readInteger((row as RawRow)[name] as string)
  const time = (name: string) => readTime((row as RawRow)[name] as string)
  return {
    simulated: (row as RawRow).simulated === 't',
    first: time('first'),
    last: time('last'),
    rows: count('rows'),
    future: count('future'),
    interval: (row as RawRow).interval == null ? undefined : Math.round(Number((row as RawRow).interval) * 1_000_000),
    late: count('late'),
    open: count('open'),
    filled: count('filled'),
    flawed: count('flawed'),
    offGrid: count('off_grid'),
  }
}

/**
 * Holes of more than `most` between two rows, within [from, to): how many, and the longest, oldest first, cut to the range. A hole
 * begins `step` after the row before: for bars, at the open of the first missing one. Only open hours count.
 */
export async function holesOf(
  reader: RowReader,
  series: SeriesKind,
  calendar: Calendar,
  [from, to]: readonly [Micros, Micros],
  most: Micros,
  step: Micros,
): Promise<Holes> {
  const { kind } = series
  const next = isBars(kind) ? 5 : 4
  const [begin, end] = [`$${next}::timestamptz`, `$${next + 1}::timestamptz`]
  const rows = `select t.time from ${tableOf(kind)} as t where ${ofSeries(kind)} and${isBars(kind) && calendar.always ? ` t.flaw is distinct from ${OFF_GRID} and` : ''}`
  const text = `with w as ((${rows} t.time >= ${begin} and t.time < ${end} order by t.time desc limit ${MOST_ROWS})
    union all (${rows} t.time < ${begin} order by t.time desc limit 1) union all (${rows} t.time >= ${end} order by t.time limit 1)),
  h as (select * from (select time, lag(time) over (order by time) as before from w) as g where time - before > $${next + 2}::interval
    and before + $${next + 3}::interval < ${end})
  select before, time, (select count(*) from h) as count from h order by time - before desc, time limit ${calendar.always ? LISTED : MOST_HOLES}`
  const values = [...keyOf(series), formatTime(from), formatTime(to), `${most} microseconds`, `${step} microseconds`]
  const name = `holes_${tableOf(kind)}${calendar.always ? '' : '_of_hours'}`
  const found = await reader.rows({ name, text, values })
  const holes = found.map((row) => ({
    from: Math.max(from, readTime(row.before as string) + step),
    to: Math.min(to, readTime(row.time as string)),
  }))
  if (calendar.always) return { count: readInteger(found[0]?.count ?? '0'), longest: holes.sort((x, y) => x.from - y.from) }
  const open = holes
    .map((hole) => ({ hole, length: openTime(calendar, hole.from, hole.to) }))
    .filter(({ length }) => length + step > most)
    .sort((x, y) => y.length - x.length)
  const longest = open.slice(0, LISTED).map(({ hole }) => hole)
  return { count: open.length, longest: longest.sort((x, y) => x.from - y.from) }
}

export interface Holes {
  readonly count: number
  readonly longest: readonly Hole[]
}
