import { SILENCE, TIMEFRAMES, timeframeMicros } from '../../types/index.ts'
import { type Hull, hullOf, inHull } from './hull.ts'
import { HOLD_ISLANDS, islands, UNKNOWN_NUMBERS } from './islands.ts'
import { isRevised, timeText } from './sql.ts'
import { type CoveredType, rowsOf, typesWith } from './types.ts'

/** SQL: the longest silence of a series `s` that is not a gap, from the cadence of the source, else from the measured interval. */
export const SILENCE_LIMIT = `${SILENCE} * coalesce(
  (select (w.cadence ->> s.type)::bigint * interval '1 microsecond' from coverage_sources as w where w.source = s.source),
  (select k.usual from coverage_series as k where k.id = s.id), interval '1 hour')`

/**
 * SQL: the unknown pieces of the series $1: before, between and after the spans that are held or requested. For a series that was only
 * appended to since the last refresh, the piece after them alone.
 * @param near pieces that lie no further apart are joined, and the held span between them is read again; an SQL interval
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
 * SQL: the times of a series `s` within a piece, as rows `p`. Ordered, because TimescaleDB then opens only the chunks of the piece; a
 * window function alone would open all of them.
 */
const timesWithin = (type: CoveredType, hull: Hull, condition: string): string =>
  `(select p.time from ${rowsOf(type)} and ${condition} and ${inHull(hull)} order by p.time) as p`

/**
 * SQL: merges spans, given as rows (id, span) of `found`, into the held ones; spans that touch become one. All spans of a series are
 * compared as one multirange, widened by a microsecond so that it overlaps spans it touches.
 */
const HOLD = `,
around as (
  select id, range_agg(tstzrange(lower(span) - interval '1 microsecond', upper(span) + interval '1 microsecond')) as spans from found group by id),
gone as (
  delete from coverage_spans as c using around as a where c.series_id = a.id and c.state = 'held' and a.spans && c.span
  returning c.series_id, c.span)
insert into coverage_spans (series_id, state, span)
select id, 'held', unnest(range_agg(span)) from (select id, span from found union all select * from gone) as both_ group by id`

/** SQL: returns the spans instead of saving them. */
const RETURN = (more = '') => `
select id::text as id, ${timeText('lower(span)')} as lower, ${timeText('upper(span)')} as upper${more} from found`

const LENGTH = '(select length from lengths as l where l.timeframe = s.timeframe)'

/** Looking up another piece in hundreds of chunks costs as much as reading this many records. */
const NEAR_RECORDS = 1000

const unknownBars = (chunked: boolean): string => `lengths (timeframe, length) as (values ${TIMEFRAMES.map(
  (timeframe) => `('${timeframe}', interval '${timeframeMicros(timeframe) / 1e6} seconds')`,
).join(', ')}),
${unknown(LENGTH, `${LENGTH} as length`, chunked ? `${NEAR_RECORDS} * s.length` : undefined)}`

/** SQL: spans of final bars; each bar is as long as its timeframe, so neighbours touch. */
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
 * SQL: spans of records that follow one another within the limit, or about as closely as their neighbours if those lie further apart:
 * a day of hourly prices among prices of seconds is not a row of gaps. A piece is read with a margin of the limit around it, so that it
 * joins the spans held there.
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

/** The two statements that find the stored spans of one record type. */
export interface SpanQuery {
  readonly type: CoveredType
  /** SQL: the hull of the unknown pieces of the series $1. */
  readonly hull: string
  /** SQL: the spans of the series $1 within that hull. */
  readonly text: (hull: Hull) => string
}

const each = (chunked: boolean, spans: string, numbers: string): readonly SpanQuery[] => [
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

/** Statements that find spans and save them. Series whose only proof are heartbeats have none. */
export const savingQueries = (chunked: boolean): readonly SpanQuery[] => each(chunked, HOLD, HOLD_ISLANDS)

/** Statements that return the spans which {@link savingQueries} would save, as rows (id, lower, upper, first, last). */
export const returningQueries = (chunked: boolean): readonly SpanQuery[] =>
  each(
    chunked,
    RETURN(', null as first, null as last'),
    RETURN(', lower(numbers)::text as first, (upper(numbers) - 1)::text as last'),
  )
