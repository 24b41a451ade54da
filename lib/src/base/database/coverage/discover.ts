import { MANUAL } from '../../types/index.ts'
import { FILTERED } from './sql.ts'
import { coveredTypes } from './types.ts'

/** SQL: true if coverage is kept of a series `s`. Manual series have none: nothing of them can be missing. */
const COVERED = `s.type in (${coveredTypes.map(({ name }) => `'${name}'`).join(', ')}) and s.source <> '${MANUAL}'`

/** SQL: adds the series that are not known yet and that a filter selects. */
export const DISCOVER = `insert into coverage_series (id) select s.id from series as s
where ${COVERED} and s.first is not null and ${FILTERED} and not exists (select from coverage_series as k where k.id = s.id)
order by s.id on conflict do nothing`

/** SQL: the next $12 covered series that a filter selects, by coin, after the one with the names $7 to $11. */
export const NEXT = `select s.id, s.coin_id, s.source, s.currency, s.type, s.timeframe from series as s
where ${COVERED} and ${FILTERED} and (s.first is not null or exists (select from coverage_series as k where k.id = s.id))
  and (s.coin_id, s.source, s.currency, s.type, s.timeframe) > ($7, $8, $9, $10, $11)
order by s.coin_id, s.source, s.currency, s.type, s.timeframe limit $12`
