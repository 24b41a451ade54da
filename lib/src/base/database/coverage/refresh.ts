import { TIMEFRAMES, timeframeMicros } from '../../types/index.ts'
import { notFuture } from '../future.ts'
import type { PoolClient } from '../pool.ts'
import { DISCOVER } from './discover.ts'
import { type CoverageFilter, SILENCE } from './model.ts'
import { FILTERED, filterValues, LOCK_SERIES } from './sql.ts'

/** How far apart the prices of a series come while nobody says so: the median of its latest. */
const MEASURE = `
update coverage_series as u set usual = m.usual from coverage_series as s cross join lateral (
  select percentile_disc(0.5) within group (order by d) as usual, count(*) as n from (
    select time - lag(time) over (order by time) as d from (
      select time from crypto_prices as p where p.coin_id = s.coin_id and p.source = s.source and p.currency = s.currency
        and ${notFuture('time')} order by time desc limit 500) as latest) as distances where d is not null) as m
where s.id = u.id and s.type = 'price' and s.usual is null and m.n >= 3 and ${FILTERED}`

/** The longest distance between two prices that is no gap; the source's own word counts before what was measured. */
export const PRICE_LIMIT = `${SILENCE} * coalesce(
  (select price_every from coverage_sessions as e where e.source = s.source and price_every is not null order by started_at desc limit 1),
  s.usual, interval '1 hour')`

const rowsOf = (table: string): string =>
  `${table} as p where p.coin_id = s.coin_id and p.source = s.source and p.currency = s.currency${table === 'ohlcv_data' ? ' and p.timeframe = s.timeframe' : ''}`

/** Stretches of the table that nothing is known of, for the ids $1: before, between and behind what is held or requested. */
const unknown = (table: string, length: string, more: string): string => `
known as (
  select series_id, range_agg(span) as spans from coverage_spans where series_id = any ($1::bigint[]) and state in ('held', 'requested')
  group by series_id),
pieces as (
  select s.*, ${more}, unnest(tstzmultirange(tstzrange(b.first, b.last + ${length}, '[)')) - coalesce(k.spans, '{}')) as piece
  from coverage_series as s left join known as k on k.series_id = s.id cross join lateral (
    select (select time from ${rowsOf(table)} order by time limit 1) as first,
      (select time from ${rowsOf(table)} and ${notFuture('time')} order by time desc limit 1) as last) as b
  where s.id = any ($1::bigint[]) and b.first <= b.last)`

/** Adds spans, given as rows (id, span) of `found`, to what is held; those that touch become one. */
const HOLD = `
gone as (
  delete from coverage_spans as c where c.state = 'held' and exists (
    select from found as f where f.id = c.series_id and (f.span && c.span or f.span -|- c.span)) returning c.series_id, c.span)
insert into coverage_spans (series_id, state, span)
select id, 'held', unnest(range_agg(span)) from (select id, span from found union all select * from gone) as both_ group by id`

/** Final bars, each as long as its timeframe; neighbours touch. */
const HOLD_CANDLES = `with lengths (timeframe, length) as (values ${TIMEFRAMES.map(
  (timeframe) => `('${timeframe}', interval '${timeframeMicros(timeframe) / 1e6} seconds')`,
).join(', ')}),
${unknown('ohlcv_data', '(select length from lengths as l where l.timeframe = s.timeframe)', '(select length from lengths as l where l.timeframe = s.timeframe) as length')},
found as materialized (
  select s.id, tstzrange(i.first, i.last + s.length) as span from pieces as s cross join lateral (
    select min(time) as first, max(time) as last from (
      select time, count(*) filter (where apart) over (order by time) as island from (
        select time, time - lag(time) over (order by time) > s.length as apart from ${rowsOf('ohlcv_data')} and p.is_final
          and p.time >= lower(s.piece) and p.time < upper(s.piece)) as bars) as islands group by island) as i),
${HOLD}`

/**
 * Prices that follow one another within the limit, or about as closely as their neighbours do where those lie further apart: a
 * day of hourly prices among those of seconds is no row of holes. A piece is read with what lies within the limit around it, so
 * that it joins what is held there.
 */
const HOLD_PRICES = `with
${unknown('crypto_prices', "interval '1 microsecond'", `${PRICE_LIMIT} as longest`)},
found as materialized (
  select s.id, tstzrange(i.first, i.last + interval '1 microsecond') as span from pieces as s cross join lateral (
    select min(time) as first, max(time) as last from (
      select time, count(*) filter (where apart) over (order by time) as island from (
        select time, d > greatest(s.longest, ${SILENCE} * least(
          max(d) over (order by time rows between 2 preceding and 1 preceding),
          max(d) over (order by time rows between 1 following and 2 following))) as apart from (
          select time, time - lag(time) over (order by time) as d from ${rowsOf('crypto_prices')}
            and p.time >= lower(s.piece) - s.longest and p.time < upper(s.piece) + s.longest) as distances) as prices) as islands
    group by island) as i),
${HOLD}`

/**
 * Brings what is held up to date with the tables, reading of them only what is not known yet. Safe from several processes: what
 * is found is added to what is there.
 * @returns the ids of the series looked at
 */
export async function refresh(client: PoolClient, filter: CoverageFilter): Promise<readonly string[]> {
  for (const text of DISCOVER) await client.query(text)
  await client.query(MEASURE, filterValues(filter))
  const { rows } = await client.query<{ id: string; type: string }>(
    `select s.id, s.type from coverage_series as s where ${FILTERED}`,
    filterValues(filter),
  )
  const of = (type: string) => rows.filter((row) => row.type === type).map(({ id }) => id)
  for (const [ids, hold] of [
    [of('ohlcv'), HOLD_CANDLES],
    [of('price'), HOLD_PRICES],
  ] as const) {
    if (ids.length === 0) continue
    await client.query('begin')
    try {
      await client.query(LOCK_SERIES, [ids])
      await client.query(hold, [ids])
      await client.query('commit')
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
  }
  return rows.map(({ id }) => id)
}
