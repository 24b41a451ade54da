import { MANUAL } from '../../types/index.ts'

/*
 * The series that the tables hold, without reading the rows between: each step of the recursion jumps through the primary key
 * to the next series.
 */
const walk = (table: string, columns: string): string => `with recursive s as (
  (select ${columns} from ${table} order by ${columns} limit 1)
  union all
  select n.* from s cross join lateral (select ${columns} from ${table} as p
    where (${columns.replace(/\w+/g, 'p.$&')}) > (${columns.replace(/\w+/g, 's.$&')}) order by ${columns} limit 1) as n)`

const add = (type: string, timeframe: string): string => `
insert into coverage_series (source, coin_id, currency, type, timeframe)
select s.source, s.coin_id, s.currency, '${type}', ${timeframe} from s
where s.source <> '${MANUAL}' and not exists (select from coverage_series as k where k.source = s.source and k.coin_id = s.coin_id
  and k.currency = s.currency and k.type = '${type}' and k.timeframe = ${timeframe})
on conflict do nothing`

/** Adds the series that are not known yet; of what people hand in nothing can be missing. */
export const DISCOVER = [
  `${walk('crypto_prices', 'coin_id, source, currency')} ${add('price', "''")}`,
  `${walk('ohlcv_data', 'coin_id, source, currency, timeframe')} ${add('ohlcv', 's.timeframe')}`,
] as const
