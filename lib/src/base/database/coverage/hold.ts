import { TIMEFRAMES, timeframeMicros } from '../../types/index.ts'
import { notFuture } from '../future.ts'
import { SILENCE } from './model.ts'
import { FILTERED, timeText } from './sql.ts'
import { type CoveredType, rowsOf, typesWith } from './types.ts'

/** SQL: the longest silence of a series `s` that is no gap; the source's own word counts before what was measured. */
export const SILENCE_LIMIT = `${SILENCE} * coalesce(
  (select (w.cadence ->> s.type)::bigint * interval '1 microsecond' from coverage_sources as w where w.source = s.source),
  (select k.usual from coverage_series as k where k.id = s.id), interval '1 hour')`

/** Stretches of the table that nothing is known of, for the ids $1: before, between and behind what is held or requested. */
const unknown = (length: string, more: string): string => `
known as (
  select series_id, range_agg(span) as spans from coverage_spans where series_id = any ($1::bigint[]) and state in ('held', 'requested')
  group by series_id),
pieces as (
  select s.*, ${more}, unnest(tstzmultirange(tstzrange(s.first, s.last + ${length}, '[)')) - coalesce(k.spans, '{}')) as piece
  from series as s left join known as k on k.series_id = s.id
  where s.id = any ($1::bigint[]) and s.first <= s.last)`

/** Spans, given as rows (id, span) of `found`, added to what is held; those that touch become one. */
const HOLD = `,
gone as (
  delete from coverage_spans as c where c.state = 'held' and exists (
    select from found as f where f.id = c.series_id and (f.span && c.span or f.span -|- c.span)) returning c.series_id, c.span)
insert into coverage_spans (series_id, state, span)
select id, 'held', unnest(range_agg(span)) from (select id, span from found union all select * from gone) as both_ group by id`

/** The same spans, given to the reader: nothing is written. */
const TELL = (more = '') => `
select id::text as id, ${timeText('lower(span)')} as lower, ${timeText('upper(span)')} as upper${more} from found`

const LENGTH = '(select length from lengths as l where l.timeframe = s.timeframe)'

/** Final bars, each as long as its timeframe; neighbours touch. */
const bars = (type: CoveredType, end: string): string => `with lengths (timeframe, length) as (values ${TIMEFRAMES.map(
  (timeframe) => `('${timeframe}', interval '${timeframeMicros(timeframe) / 1e6} seconds')`,
).join(', ')}),
${unknown(LENGTH, `${LENGTH} as length`)},
found as materialized (
  select s.id, tstzrange(i.first, i.last + s.length) as span from pieces as s cross join lateral (
    select min(time) as first, max(time) as last from (
      select time, count(*) filter (where apart) over (order by time) as island from (
        select time, time - lag(time) over (order by time) > s.length as apart from ${rowsOf(type)} and p.is_final
          and p.time >= lower(s.piece) and p.time < upper(s.piece)) as bars) as islands group by island) as i)${end}`

/**
 * Records that follow one another within the limit, or about as closely as their neighbours do where those lie further apart: a
 * day of hourly prices among those of seconds is no row of holes. A piece is read with what lies within the limit around it, so
 * that it joins what is held there.
 */
const atCadence = (type: CoveredType, end: string): string => `with
${unknown("interval '1 microsecond'", `${SILENCE_LIMIT} as longest`)},
found as materialized (
  select s.id, tstzrange(i.first, i.last + interval '1 microsecond') as span from pieces as s cross join lateral (
    select min(time) as first, max(time) as last from (
      select time, count(*) filter (where apart) over (order by time) as island from (
        select time, d > greatest(s.longest, ${SILENCE} * least(
          max(d) over (order by time rows between 2 preceding and 1 preceding),
          max(d) over (order by time rows between 1 following and 2 following))) as apart from (
          select time, time - lag(time) over (order by time) as d from ${rowsOf(type)}
            and p.time >= lower(s.piece) - s.longest and p.time < upper(s.piece) + s.longest) as distances) as records) as islands
    group by island) as i)${end}`

/** How far apart in time records of neighbouring numbers may be told: chunks beyond it are not read. */
const OUT_OF_STEP = "interval '1 hour'"

/**
 * Islands of consecutive numbers, each from the time of its first record to that of its last. Only numbers that no island holds
 * are read, by the index on them. `chunked`: the table is a hypertable, whose chunks are told apart by time alone; numbers and times
 * are then taken to grow together, but for an hour.
 */
const islands = (type: CoveredType, chunked: boolean, end: string): string => {
  const numbered = `${rowsOf(type)} and p.sequence is not null and ${notFuture('p.time')}`
  const edge = (order: '' | 'desc', near: string) =>
    `(select p.sequence from ${numbered}${chunked ? ` and ${near}` : ''} order by p.sequence ${order} limit 1)`
  const held = (side: string) =>
    `from coverage_spans as c where c.series_id = s.id and c.state = 'held' and c.numbers is not null and ${side}`
  const near = `and p.time >= coalesce((select max(upper(c.span)) ${held('c.numbers << s.piece')}), '-infinity') - ${OUT_OF_STEP}
    and p.time <= coalesce((select min(lower(c.span)) ${held('c.numbers >> s.piece')}), 'infinity') + ${OUT_OF_STEP}`
  return `with known as (
  select series_id, range_agg(numbers) as numbers from coverage_spans
  where series_id = any ($1::bigint[]) and state = 'held' and numbers is not null group by series_id),
pieces as (
  select s.*, unnest(int8multirange(int8range(b.first, b.last, '[]')) - coalesce(k.numbers, '{}')) as piece
  from series as s left join known as k on k.series_id = s.id cross join lateral (
    select ${edge('', `p.time <= s.first + ${OUT_OF_STEP}`)} as first,
      ${edge('desc', `p.time >= s.last - ${OUT_OF_STEP}`)} as last) as b
  where s.id = any ($1::bigint[]) and b.first <= b.last),
found as materialized (
  select s.id, int8range(i.first, i.last, '[]') as numbers, tstzrange(i.since, i.until + interval '1 microsecond') as span from pieces as s cross join lateral (
    select min(sequence) as first, max(sequence) as last, min(time) as since, max(time) as until from (
      select p.sequence, p.time, p.sequence - dense_rank() over (order by p.sequence) as island from ${numbered}
        and p.sequence >= lower(s.piece) and p.sequence < upper(s.piece) ${chunked ? near : ''}) as records group by island) as i)${end}`
}

/** Islands, given as rows (id, numbers, span) of `found`, added to what is held. */
const HOLD_ISLANDS = `,
gone as (
  delete from coverage_spans as c where c.state = 'held' and c.numbers is not null and exists (
    select from found as f where f.id = c.series_id and (f.numbers && c.numbers or f.numbers -|- c.numbers))
  returning c.series_id, c.numbers, c.span),
both_ as (select id, numbers, span from found union all select * from gone),
ends as (
  select *, lower(numbers) > max(upper(numbers)) over (partition by id order by lower(numbers)
    rows between unbounded preceding and 1 preceding) as apart from both_),
joined as (select *, count(*) filter (where apart) over (partition by id order by lower(numbers)) as island from ends)
insert into coverage_spans (series_id, state, span, numbers)
select id, 'held', tstzrange(min(lower(span)), max(upper(span))), int8range(min(lower(numbers)), max(upper(numbers))) from joined group by id, island`

export interface Hold {
  readonly type: CoveredType
  /** About the series $1. */
  readonly text: string
}

const each = (chunked: boolean, spans: string, numbers: string): readonly Hold[] => [
  ...typesWith('timeframe').map((type) => ({ type, text: bars(type, spans) })),
  ...typesWith('cadence').map((type) => ({ type, text: atCadence(type, spans) })),
  ...typesWith('sequence').map((type) => ({ type, text: islands(type, chunked, numbers) })),
]

/** Series that are proved by sessions alone are in none of them. */
export const holds = (chunked: boolean): readonly Hold[] => each(chunked, HOLD, HOLD_ISLANDS)

/** Statements that give the spans which {@link holds} would add, as rows (id, lower, upper, first, last). */
export const tells = (chunked: boolean): readonly Hold[] =>
  each(
    chunked,
    TELL(', null as first, null as last'),
    TELL(', lower(numbers)::text as first, (upper(numbers) - 1)::text as last'),
  )

const CADENCED = typesWith('cadence')

/** The types of which a filter lets a series through whose usual distance is not known yet. */
export const UNMEASURED = `select distinct s.type from series as s join coverage_series as k on k.id = s.id
where k.usual is null and s.type in (${CADENCED.map(({ name }) => `'${name}'`).join(', ')}) and ${FILTERED}`

/** How far apart the records of a series come while nobody says so: the median of its latest. By type, and by the same filter. */
export const MEASURES: ReadonlyMap<string, string> = new Map(
  CADENCED.map((type) => [
    type.name,
    `update coverage_series as u set usual = m.usual, seen = null from series as s cross join lateral (
  select percentile_disc(0.5) within group (order by d) as usual, count(*) as n from (
    select time - lag(time) over (order by time) as d from (
      select ${type.repeats ? 'distinct ' : ''}time from ${rowsOf(type)} and ${notFuture('time')} order by time desc limit 500) as latest) as distances
  where d is not null) as m
where s.id = u.id and s.type = '${type.name}' and u.usual is null and m.n >= 3 and ${FILTERED}`,
  ]),
)
