import { TIMEFRAMES, timeframeMicros } from '../../types/index.ts'
import { type Hull, hullOf, inHull } from './hull.ts'
import { HOLD_ISLANDS, islands, UNKNOWN_NUMBERS } from './islands.ts'
import { SILENCE } from './model.ts'
import { isRevised, timeText } from './sql.ts'
import { type CoveredType, rowsOf, typesWith } from './types.ts'

/** SQL: the longest silence of a series `s` that is no gap; the source's own word counts before what was measured. */
export const SILENCE_LIMIT = `${SILENCE} * coalesce(
  (select (w.cadence ->> s.type)::bigint * interval '1 microsecond' from coverage_sources as w where w.source = s.source),
  (select k.usual from coverage_series as k where k.id = s.id), interval '1 hour')`

/**
 * Stretches of the table that nothing is known of, for the ids $1: before, between and behind what is held or requested. Of a series that
 * was only added to since it was looked at, that behind it alone.
 * @param near stretches that lie no further apart become one, and what is held between them is read again; an SQL interval
 */
const unknown = (length: string, more: string, near: string | undefined): string => `
known as (
  select series_id, range_agg(span) filter (where state = 'held') as held, range_agg(span) filter (where state = 'requested') as requested
  from coverage_spans where series_id = any ($1::bigint[]) and state in ('held', 'requested') group by series_id),
unheld as (
  select s.*, ${more}, k.held, k.requested,
    tstzmultirange(tstzrange(case when k.held is null or ${isRevised('s', 'c')} then s.first
      else greatest(s.first, least(upper(k.held), s.last + ${length})) end, s.last + ${length}, '[)')) - coalesce(k.held, '{}') as parts
  from series as s left join known as k on k.series_id = s.id left join coverage_series as c on c.id = s.id
  where s.id = any ($1::bigint[]) and s.first <= s.last),
pieces as (
  select s.*, unnest(${near === undefined ? 's.parts' : joinedParts(near)} - coalesce(s.requested, '{}')) as piece from unheld as s)`

const joinedParts = (near: string): string => `(select coalesce(range_agg(tstzrange(lower(w) + ${near}, upper(w))), '{}')
    from unnest((select range_agg(tstzrange(lower(p) - ${near}, upper(p))) from unnest(s.parts) as p)) as w)`

/**
 * The times of a series `s` within a piece, as rows `p`. The rows must be asked for in an order: TimescaleDB opens the chunks of the piece
 * alone then, and all of them to give a window its order.
 */
const timesWithin = (type: CoveredType, hull: Hull, condition: string): string =>
  `(select p.time from ${rowsOf(type)} and ${condition} and ${inHull(hull)} order by p.time) as p`

/**
 * Spans, given as rows (id, span) of `found`, added to what is held; those that touch become one. Thousands of them are compared with
 * thousands as one multirange, widened so that it overlaps what it touches.
 */
const HOLD = `,
around as (
  select id, range_agg(tstzrange(lower(span) - interval '1 microsecond', upper(span) + interval '1 microsecond')) as spans from found group by id),
gone as (
  delete from coverage_spans as c using around as a where c.series_id = a.id and c.state = 'held' and a.spans && c.span
  returning c.series_id, c.span)
insert into coverage_spans (series_id, state, span)
select id, 'held', unnest(range_agg(span)) from (select id, span from found union all select * from gone) as both_ group by id`

/** The same spans, given to the reader: nothing is written. */
const TELL = (more = '') => `
select id::text as id, ${timeText('lower(span)')} as lower, ${timeText('upper(span)')} as upper${more} from found`

const LENGTH = '(select length from lengths as l where l.timeframe = s.timeframe)'

/** It costs as much to look for another stretch in hundreds of chunks as to read so many records. */
const NEAR_RECORDS = 1000

const unknownBars = (chunked: boolean): string => `lengths (timeframe, length) as (values ${TIMEFRAMES.map(
  (timeframe) => `('${timeframe}', interval '${timeframeMicros(timeframe) / 1e6} seconds')`,
).join(', ')}),
${unknown(LENGTH, `${LENGTH} as length`, chunked ? `${NEAR_RECORDS} * s.length` : undefined)}`

/** Final bars, each as long as its timeframe; neighbours touch. */
const bars = (type: CoveredType, chunked: boolean, hull: Hull, end: string): string => `with ${unknownBars(chunked)},
found as materialized (
  select s.id, i.span from pieces as s cross join lateral (
    select tstzrange(min(time), max(time) + s.length) as span from (
      select time, count(*) filter (where apart) over (order by time) as island from (
        select time, time - lag(time) over (order by time) > s.length as apart
        from ${timesWithin(type, hull, 'p.is_final and p.time >= lower(s.piece) and p.time < upper(s.piece)')}) as bars) as islands
    group by island) as i
  where not coalesce(s.held @> i.span, false))${end}`

const unknownTimes = (chunked: boolean): string =>
  unknown(
    "interval '1 microsecond'",
    `${SILENCE_LIMIT} as longest`,
    chunked ? `${NEAR_RECORDS} / ${SILENCE} * s.longest` : undefined,
  )

/**
 * Records that follow one another within the limit, or about as closely as their neighbours do where those lie further apart: a
 * day of hourly prices among those of seconds is no row of holes. A piece is read with what lies within the limit around it, so
 * that it joins what is held there.
 */
const atCadence = (type: CoveredType, chunked: boolean, hull: Hull, end: string): string => `with ${unknownTimes(chunked)},
found as materialized (
  select s.id, i.span from pieces as s cross join lateral (
    select tstzrange(min(time), max(time) + interval '1 microsecond') as span from (
      select time, count(*) filter (where apart) over (order by time) as island from (
        select time, d > greatest(s.longest, ${SILENCE} * least(
          max(d) over (order by time rows between 2 preceding and 1 preceding),
          max(d) over (order by time rows between 1 following and 2 following))) as apart from (
          select time, time - lag(time) over (order by time) as d
          from ${timesWithin(type, hull, 'p.time >= lower(s.piece) - s.longest and p.time < upper(s.piece) + s.longest')}) as distances) as records) as islands
    group by island) as i
  where not coalesce(s.held @> i.span, false))${end}`

export interface Hold {
  readonly type: CoveredType
  /** Asks for the hull of what is unknown of the series $1. */
  readonly hull: string
  /** About the series $1. */
  readonly text: (hull: Hull) => string
}

const each = (chunked: boolean, spans: string, numbers: string): readonly Hold[] => [
  ...typesWith('timeframe').map((type) => ({
    type,
    hull: `with ${unknownBars(chunked)} ${hullOf('(select piece as span from pieces)', "interval '0'")}`,
    text: (hull: Hull) => bars(type, chunked, hull, spans),
  })),
  ...typesWith('cadence').map((type) => ({
    type,
    hull: `with ${unknownTimes(chunked)} ${hullOf('(select piece as span, longest from pieces)', 'h.longest')}`,
    text: (hull: Hull) => atCadence(type, chunked, hull, spans),
  })),
  ...typesWith('sequence').map((type) => ({
    type,
    hull: UNKNOWN_NUMBERS,
    text: (hull: Hull) => islands(type, chunked, hull, numbers),
  })),
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
