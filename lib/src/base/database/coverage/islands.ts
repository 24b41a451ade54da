import { notFuture } from '../tables/notFuture.ts'
import { type Hull, hullOf, inHull } from './hull.ts'
import { isRevised } from './sql.ts'
import { type CoveredType, rowsOf } from './types.ts'

/** The most that times of neighbouring numbers may be out of order: chunks beyond it are not read. */
const OUT_OF_STEP = "interval '1 hour'"
/** In hypertables the least and the greatest number are searched among this many records at either end. */
const EDGE_ROWS = 1000

const HELD = "state = 'held' and numbers is not null"

/**
 * SQL: the hull of the times in which unknown numbers may lie: after the last island; if older records were written since the last
 * refresh, also before the first island and between two that do not touch.
 */
export const UNKNOWN_NUMBERS = `with held as (
  select series_id, numbers, span, lag(numbers) over w as numbers_before, lag(span) over w as span_before
  from coverage_spans where series_id = any ($1::bigint[]) and ${HELD} window w as (partition by series_id order by numbers)),
ends as (select series_id, min(lower(span)) as first, max(upper(span)) as last from held group by series_id),
looked as (
  select s.id, s.first, s.last, e.first as held_first, e.last as held_last, ${isRevised('s', 'c')} as revised
  from series as s left join coverage_series as c on c.id = s.id left join ends as e on e.series_id = s.id
  where s.id = any ($1::bigint[]) and s.first <= s.last)
${hullOf(
  `(select tstzrange(first, last, '[]') as span from looked where held_first is null
  union all
  select tstzrange(least(held_last, last), greatest(held_last, last), '[]') from looked where held_first is not null
  union all
  select tstzrange(first, held_first) from looked where revised and first < held_first
  union all
  select tstzrange(least(upper(h.span_before), lower(h.span)), greatest(upper(h.span_before), lower(h.span)), '[]')
    from held as h join looked as l on l.id = h.series_id where l.revised and upper(h.numbers_before) < lower(h.numbers))`,
  OUT_OF_STEP,
)}`

/**
 * SQL: islands of consecutive numbers, each from the time of its first record to that of its last. Reads only numbers outside the known
 * islands, by the index on numbers. `chunked`: the table is a hypertable with chunks by time; numbers and times are then assumed to
 * grow together, give or take an hour.
 */
export const islands = (type: CoveredType, chunked: boolean, hull: Hull, end: string): string => {
  const numbered = `${rowsOf(type)} and p.sequence is not null and ${notFuture('p.time')}${chunked ? ` and ${inHull(hull)}` : ''}`
  const edge = (order: '' | 'desc') =>
    chunked
      ? `(select ${order ? 'max' : 'min'}(p.sequence) from (select p.sequence from ${numbered} order by p.time ${order} limit ${EDGE_ROWS}) as p)`
      : `(select p.sequence from ${numbered} order by p.sequence ${order} limit 1)`
  // Values of a joined row exclude chunks; those of a subquery in a condition do not.
  const near = chunked
    ? `(select coalesce(max(upper(c.span)) filter (where c.numbers << b.piece), '-infinity') - ${OUT_OF_STEP} as since,
      coalesce(min(lower(c.span)) filter (where c.numbers >> b.piece), 'infinity') + ${OUT_OF_STEP} as until
    from coverage_spans as c where c.series_id = b.id and c.state = 'held' and c.numbers is not null)`
    : "(select '-infinity'::timestamptz as since, 'infinity'::timestamptz as until)"
  return `with known as (
  select series_id, range_agg(numbers) as numbers from coverage_spans
  where series_id = any ($1::bigint[]) and ${HELD} group by series_id),
unheld as (
  select s.id, unnest(int8multirange(int8range(b.first, b.last, '[]')) - coalesce(k.numbers, '{}')) as piece
  from series as s left join known as k on k.series_id = s.id cross join lateral (
    select ${edge('')} as first, ${edge('desc')} as last) as b
  where s.id = any ($1::bigint[]) and b.first <= b.last),
pieces as (select b.*, n.since, n.until from unheld as b cross join lateral ${near} as n),
found as materialized (
  select s.id, int8range(i.first, i.last, '[]') as numbers, tstzrange(i.since, i.until + interval '1 microsecond') as span from pieces as s cross join lateral (
    select min(sequence) as first, max(sequence) as last, min(time) as since, max(time) as until from (
      select p.sequence, p.time, p.sequence - dense_rank() over (order by p.sequence) as island from (
        select p.sequence, p.time from ${numbered} and p.sequence >= lower(s.piece) and p.sequence < upper(s.piece)
          and p.time >= s.since and p.time <= s.until ${chunked ? 'order by p.time' : ''}) as p) as records group by island) as i)${end}`
}

/** SQL: merges islands, given as rows (id, numbers, span) of `found`, into the held ones. */
export const HOLD_ISLANDS = `,
around as (select id, range_agg(int8range(lower(numbers) - 1, upper(numbers) + 1)) as numbers from found group by id),
gone as (
  delete from coverage_spans as c using around as a
  where c.series_id = a.id and c.state = 'held' and c.numbers is not null and a.numbers && c.numbers
  returning c.series_id, c.numbers, c.span),
both_ as (select id, numbers, span from found union all select * from gone),
ends as (
  select *, lower(numbers) > max(upper(numbers)) over (partition by id order by lower(numbers)
    rows between unbounded preceding and 1 preceding) as apart from both_),
joined as (select *, count(*) filter (where apart) over (partition by id order by lower(numbers)) as island from ends)
insert into coverage_spans (series_id, state, span, numbers)
select id, 'held', tstzrange(min(lower(span)), max(upper(span))), int8range(min(lower(numbers)), max(upper(numbers))) from joined group by id, island`
