import { MANUAL } from '../../types/index.ts'
import { type CoveredType, coveredTypes, nameOf } from './types.ts'

/*
 * The series that a table holds, without reading the rows between: each step of the recursion jumps through an index to the next
 * series.
 */
function walk({ table, by, names }: CoveredType): string {
  const columns = [...new Set([...by, ...names])]
  const list = (row: string, of: readonly string[]) => of.map((column) => `${row}.${column}`).join(', ')
  return `with recursive s as (
  (select ${list('p', columns)} from ${table} as p order by ${list('p', by)} limit 1)
  union all
  select n.* from s cross join lateral (select ${list('p', columns)} from ${table} as p
    where (${list('p', by)}) > (${list('s', by)}) order by ${list('p', by)} limit 1) as n)`
}

function add(type: CoveredType): string {
  const of = (column: 'coin_id' | 'source' | 'currency' | 'timeframe') => nameOf(type, column, 's')
  return `insert into coverage_series (source, coin_id, currency, type, timeframe)
select ${of('source')}, ${of('coin_id')}, ${of('currency')}, '${type.name}', ${of('timeframe')} from s
where s.source <> '${MANUAL}' and not exists (select from coverage_series as k where k.source = s.source and k.coin_id = ${of('coin_id')}
  and k.currency = ${of('currency')} and k.type = '${type.name}' and k.timeframe = ${of('timeframe')})
on conflict do nothing`
}

/** Adds the series that are not known yet; of what people hand in nothing can be missing. */
export const DISCOVER: readonly string[] = coveredTypes.map((type) => `${walk(type)} ${add(type)}`)
