import { formatTime, type Micros, timeframeMicros } from '../../types/index.ts'
import type { Statement } from '../reading/RowReader.ts'
import { seriesNumberSql } from '../tables/seriesLookup.ts'
import { FIGURE_COLUMNS, FIGURES } from './figures.ts'
import { LEVELS, type Level, lengthOf, orderOf, RAW, rollupView } from './levels.ts'
import { shardOf } from './marks.ts'

/** Records of one moment each, from which bars are built where no bars are stored. */
export const EVENTS = ['trades', 'prices'] as const
export type EventKind = (typeof EVENTS)[number]

/** A request for bars of one series, built from trades and prices: one bar for each span. */
export interface WantedEvents {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  readonly kinds: readonly EventKind[]
  /** Must not overlap. */
  readonly spans: readonly { readonly from: Micros; readonly to: Micros }[]
  /** Longest silence that still counts as covered, in microseconds. */
  readonly silence: Micros
  /** The present: silence is counted up to here. */
  readonly now: Micros
}

/**
 * The level to read the spans from: the coarsest whose bars fill each span exactly and are no longer than `silence`, since silence within
 * a bar is not seen. Undefined if only the records are exact enough.
 */
export function levelWithin({ spans, silence }: Pick<WantedEvents, 'spans' | 'silence'>): Level | undefined {
  const fits = (level: Level) => {
    const length = timeframeMicros(level)
    return length <= silence && spans.every(({ from, to }) => from % length === 0 && to % length === 0)
  }
  return LEVELS.findLast(fits)
}

const NAMES = { coin_id: '$1', source: '$2', currency: '$3' }
const list = (row: string): string => FIGURE_COLUMNS.map((column) => `${row}.${column}`).join(', ')

/** The spans, and the numbers of the series by kind. */
const SPANS = `spans as materialized (select * from unnest($4::timestamptz[], $5::timestamptz[]) with ordinality as s (since, until, n)),
  wanted as materialized (select kind, case kind ${EVENTS.map((kind) => `when '${kind}' then ${seriesNumberSql(RAW[kind].type, NAMES)}`).join(' ')} end as id
    from unnest($6::text[]) as k (kind))`
const idOf = (kind: EventKind): string => `(select id from wanted where kind = '${kind}')`

/**
 * Restricts rows to the hull of the spans. With constants TimescaleDB excludes chunks once per statement; without them it does so once per
 * span, at a cost that grows with the number of chunks.
 */
const inHull = 'o.time >= $9::timestamptz and o.time < $10::timestamptz'

/** Records of a kind between two times, ordered here: if the grouping had to order them, all chunks would be opened. */
const records = (kind: EventKind, since: string, until: string): string => `(select * from ${RAW[kind].table} as o
    where o.series = ${idOf(kind)} and o.time >= ${since} and o.time < ${until} and ${inHull} order by o.time) as o`

/** Records grouped by moment. */
const moments = (kind: EventKind): string => `select s.n, '${kind}' as kind, m.* from spans as s
  cross join lateral (select ${FIGURES[kind]} from ${records(kind, 's.since', 's.until')} group by o.time) as m`

/** Dirty ranges of a kind on a level, in whole bars. */
const stale = (name: string, level: Level): string => `${name} as materialized (select p.kind,
    range_agg(tstzrange(date_bin(${lengthOf(level)}, greatest(p.since, s.since), 'epoch'),
      date_bin(${lengthOf(level)}, least(p.until, s.until) - interval '1 microsecond', 'epoch') + ${lengthOf(level)})) as stretch
  from pending as p join spans as s on p.since < s.until and p.until > s.since where p.level <= ${orderOf(level)} group by p.kind)`

const isStale = (name: string): string => `exists (select from ${name} as x where x.kind = w.kind and x.stretch @> o.time)`

/**
 * Bars of a level where they are fresh; elsewhere fresh 1m bars; and records where even those are stale. So an open bar of a busy day
 * costs little.
 */
function rolled(level: Level): string {
  const whole = `select s.n, w.kind, ${list('o')} from spans as s cross join wanted as w cross join lateral (
    select * from ${rollupView(level)} as o where o.series = w.id and o.time >= s.since and o.time < s.until and ${inHull}
      and not ${isStale(level === '1m' ? 'stale_minutes' : 'stale_bars')}) as o`
  const minutes = `select s.n, o.kind, ${list('o')} from spans as s cross join lateral (
    select x.kind, o.* from stale_bars as x join wanted as w on w.kind = x.kind
      cross join lateral unnest(x.stretch * tstzmultirange(tstzrange(s.since, s.until))) as part
      cross join lateral (select * from rollup_1m as o where o.series = w.id
        and o.time >= lower(part) and o.time < upper(part) and ${inHull} and not ${isStale('stale_minutes')}) as o) as o`
  const raw = (kind: EventKind) => `select s.n, '${kind}' as kind, ${list('m')} from spans as s
    join stale_minutes as x on x.kind = '${kind}'
    cross join lateral unnest(x.stretch * tstzmultirange(tstzrange(s.since, s.until))) as part
    cross join lateral (select date_bin(${lengthOf('1m')}, o.time, 'epoch') as minute, ${FIGURES[kind]}
      from ${records(kind, 'lower(part)', 'upper(part)')} group by 1) as m`
  const ctes = `pending as materialized (
    select w.kind, m.level, m.since, m.until from wanted as w join rollup_marks as m on m.shard = ${shardOf('w.id')} and w.id = any (m.series)
    union all select kind, 0, '-infinity', 'infinity' from wanted where not exists (select from qicore_settings where name = 'rollups')),
  ${level === '1m' ? '' : `${stale('stale_bars', level)},`} ${stale('stale_minutes', '1m')}`
  const parts = level === '1m' ? [whole] : [whole, minutes]
  return `${ctes},
  rows as (${[...parts, ...EVENTS.map(raw)].join('\n  union all ')})`
}

/**
 * One bar for each span that holds trades or prices. Open and close come from the first and last second with data, where trades rank
 * before prices; so bars of all lengths agree. High and low are taken over both; prices carry no volume.
 * `n` counts spans from 1; `silent` sums, in microseconds, the silences longer than $7. $8 is the present, $9 and $10 are the hull of the
 * spans.
 */
const summed = (rows: string): string => `with ${SPANS},
  ${rows}
select g.n, ${firstOf('open', 'first_at')} as open, max(g.high) as high, min(g.low) as low, ${lastOf('close')} as close,
  sum(g.volume) as volume, sum(g.trade_count)::bigint as trade_count,
  coalesce(sum(g.pieces) filter (where g.kind = 'trades'), sum(g.pieces))::bigint as pieces,
  case when bool_or(g.kind = 'trades') then 'trades' else 'prices' end as built_from,
  max(g.received_at) as received_at, bool_or(g.simulated) as simulated, ${lastOf('origin')} as origin,
  extract(epoch from coalesce(sum(g.gap) filter (where g.gap > $7::interval), interval '0')
    + case when g.ends - max(g.last_at) > $7::interval then g.ends - max(g.last_at) else interval '0' end) * 1000000 as silent
from (select r.*, least(s.until, $8::timestamptz) as ends,
    r.first_at - coalesce(max(r.last_at) over (partition by r.n order by r.first_at, r.last_at
      rows between unbounded preceding and 1 preceding), s.since) as gap
  from rows as r join spans as s on s.n = r.n) as g
group by g.n, g.ends`

const second = (column: string): string => `date_bin('1 second', g.${column}, 'epoch')`
const firstOf = (value: string, at: string): string =>
  `(array_agg(g.${value} order by ${second(at)}, g.kind = 'prices', g.${at}))[1]`
const lastOf = (value: string): string =>
  `(array_agg(g.${value} order by ${second('last_at')} desc, g.kind = 'prices', g.last_at desc))[1]`

const statements = new Map<Level | 'records', Statement['text']>(
  [...LEVELS, 'records' as const].map((level) => [
    level,
    summed(level === 'records' ? `rows as (${EVENTS.map((kind) => moments(kind)).join('\n  union all ')})` : rolled(level)),
  ]),
)

/** Statement for the bars of the spans; see {@link summed}. */
export function events(wanted: WantedEvents): Statement {
  const level = levelWithin(wanted) ?? 'records'
  return {
    name: `events_${level}`,
    text: statements.get(level) as string,
    values: [
      wanted.coinId,
      wanted.source,
      wanted.currency,
      wanted.spans.map(({ from }) => formatTime(from)),
      wanted.spans.map(({ to }) => formatTime(to)),
      wanted.kinds,
      `${wanted.silence} microseconds`,
      formatTime(wanted.now),
      formatTime(wanted.spans.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY)),
      formatTime(wanted.spans.reduce((most, { to }) => Math.max(most, to), Number.NEGATIVE_INFINITY)),
    ],
  }
}
