import pg from 'pg'
import { formatTime } from '../../types/index.ts'
import type { HistoryKind } from './kinds.ts'
import type { RegisteredSeries } from './series.ts'

const { escapeLiteral } = pg

/** A part of a history by series: the rows of some series in a range of time, after a place. */
export interface SeriesSlice {
  readonly kind: HistoryKind
  readonly series: readonly RegisteredSeries[]
  /** The values of the last row of the first series that was read; the part begins after it. */
  readonly after: readonly (string | null)[] | undefined
  readonly from: number | undefined
  readonly to: number | undefined
  readonly limit: number
}

/**
 * The COPY of a part: the place of the series in the list, then the columns. A nested loop visits the series in the order of the list,
 * each by its index, and stops at the limit, so the cost does not depend on the number of stored rows.
 */
export function copySeries({ kind, series, after, from, to, limit }: SeriesSlice): string {
  const columns = kind.columns.map(({ name }) => `r.${name}`).join(', ')
  const order = kind.order.flatMap(({ name, terms }) => terms(`r.${name}`)).join(', ')
  const bounds = [
    'r.series = s.id',
    from !== undefined && `r.time >= ${at(from)}`,
    to !== undefined && `r.time < ${at(to)}`,
    ...(after ? [`r.time >= s.since`, `(s.n > 1 or (${order}) > (${termsOf(kind, after)}))`] : []),
  ]
  const ids = series.map(({ id }) => id).join(',')
  const since = after
    ? `, array[${series.map((_, i) => (i === 0 ? literal(after[0] ?? null) : "'-infinity'")).join(',')}]::timestamptz[]`
    : ''
  return `copy (select s.n, ${columns} from unnest('{${ids}}'::bigint[]${since}) with ordinality as s (id${after ? ', since' : ''}, n)
  cross join lateral (select * from ${kind.table.name} as r where ${bounds.filter(Boolean).join(' and ')} order by ${order} limit ${limit}) as r
  limit ${limit}) to stdout`
}

/** A part of a history by time: the rows of all series in a range of time, after a place. */
export interface TimeSlice extends Omit<SeriesSlice, 'after' | 'from' | 'to'> {
  readonly from: number
  readonly to: number
  /** The last row that was read: the place of its series in the list, from 1 (a half lies between two), and its values. */
  readonly after: { readonly series: number; readonly values: readonly (string | null)[] } | undefined
}

/** The COPY of a slice of time. Its rows lie close together on disk, so they are read at once and then sorted. */
export function copyTime({ kind, series, after, from, to, limit }: TimeSlice): string {
  const columns = kind.columns.map(({ name }) => `r.${name}`).join(', ')
  const within = kind.order.slice(1).flatMap(({ name, terms }) => terms(`r.${name}`))
  const order = ['r.time', 's.n', ...within].join(', ')
  const [time, ...rest] = after ? termList(kind, after.values) : []
  const start = after ? ` and (${order}) > (${[time, after.series, ...rest].join(', ')})` : ''
  const ids = series.map(({ id }) => id).join(',')
  return `copy (select s.n, ${columns} from ${kind.table.name} as r join unnest('{${ids}}'::bigint[]) with ordinality as s (id, n) on s.id = r.series
  where r.time >= ${at(from)} and r.time < ${at(to)}${start} order by ${order} limit ${limit}) to stdout`
}

const at = (time: number): string => `${escapeLiteral(formatTime(time))}::timestamptz`

const literal = (value: string | null): string => (value === null ? 'null' : escapeLiteral(value))

const termsOf = (kind: HistoryKind, values: readonly (string | null)[]): string => termList(kind, values).join(', ')

const termList = ({ order, type }: HistoryKind, values: readonly (string | null)[]): readonly string[] =>
  order.flatMap(({ name, terms }, i) => {
    const field = type.fields.find((one) => one.name === name)
    const sqlType = field?.kind === 'time' ? 'timestamptz' : field?.kind === 'integer' ? 'bigint' : 'text'
    return terms(`${literal(values[i] ?? null)}::${sqlType}`)
  })
