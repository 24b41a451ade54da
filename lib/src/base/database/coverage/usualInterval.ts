import { FILTERED } from './sql.ts'
import { rowsOf, typesWith } from './types.ts'

const CADENCED = typesWith('cadence')

/** SQL: the types of the selected series whose usual interval is not measured yet. */
export const UNMEASURED = `select distinct s.type from series as s join coverage_series as k on k.id = s.id
where k.usual is null and s.type in (${CADENCED.map(({ name }) => `'${name}'`).join(', ')}) and ${FILTERED}`

/**
 * SQL by type: measures the usual interval of a series without a declared cadence: the median of its latest records. Saving it is a
 * statement of its own, because TimescaleDB opens all chunks in one that updates.
 */
export const MEASURES: ReadonlyMap<string, string> = new Map(
  CADENCED.map((type) => [
    type.name,
    `select s.id, m.usual::text as usual from series as s join coverage_series as k on k.id = s.id cross join lateral (
  select percentile_disc(0.5) within group (order by d) as usual, count(*) as n from (
    select time - lag(time) over (order by time) as d from (
      select ${type.repeats ? 'distinct ' : ''}time from ${rowsOf(type)} and p.time >= s.first and p.time <= s.last
        order by time desc limit 500) as latest) as distances
  where d is not null) as m
where s.type = '${type.name}' and k.usual is null and m.n >= 3 and ${FILTERED}`,
  ]),
)

/** SQL: saves the intervals $2 of the series $1. */
export const KEEP_USUAL = `update coverage_series as u set usual = m.usual, seen = null
from unnest($1::bigint[], $2::interval[]) as m (id, usual) where u.id = m.id and u.usual is null`
