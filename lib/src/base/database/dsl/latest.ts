import { MANUAL, type Price, price } from '../../types/index.ts'
import { notFuture } from '../future.ts'
import type { Reader } from '../reader.ts'
import { fromCursor, toCursor } from './cursor.ts'
import { rankOfOrigin } from './preference.ts'
import type { latestPricesQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { Page } from './results.ts'

/*
 * One row for each series (coin, source, currency) without reading the rows between: each step of the recursion jumps through
 * the primary key to the next series, and a lateral subquery takes its newest row. The cost is two index probes a series,
 * however long the history; DISTINCT ON would read all of it. A page stops the walk as soon as it is full.
 */

const LATEST = `cross join lateral (select * from crypto_prices as p
  where p.coin_id = s.coin_id and p.source = s.source and p.currency = s.currency and ${notFuture('p.time')} order by p.time desc limit 1) as l`

/** All series from a coin on. $1 coin */
const ALL_SERIES = `with recursive s (coin_id, source, currency) as (
  (select coin_id, source, currency from crypto_prices where coin_id >= $1 order by coin_id, source, currency limit 1)
  union all
  select n.* from s cross join lateral (select p.coin_id, p.source, p.currency from crypto_prices as p
    where (p.coin_id, p.source, p.currency) > (s.coin_id, s.source, s.currency)
    order by p.coin_id, p.source, p.currency limit 1) as n)`

/** The series of the given coins. $1 coins */
const COIN_SERIES = `with recursive s (coin_id, source, currency) as (
  select f.* from (select distinct unnest($1::text[]) as coin) as w cross join lateral (
    select p.coin_id, p.source, p.currency from crypto_prices as p where p.coin_id = w.coin order by p.source, p.currency limit 1) as f
  union all
  select n.* from s cross join lateral (select p.coin_id, p.source, p.currency from crypto_prices as p
    where p.coin_id = s.coin_id and (p.source, p.currency) > (s.source, s.currency) order by p.source, p.currency limit 1) as n)`

/** $2 sources, $3 currencies */
const asked = (row: string): string =>
  `($2::text[] is null or ${row}.source = any ($2)) and ($3::text[] is null or ${row}.currency = any ($3))`

/** Whether among the series asked for there is one of the same coin that is nearer to a provider's word. */
const BETTER_EXISTS = `exists (
  with recursive c (source, currency) as (
    (select p.source, p.currency from crypto_prices as p where p.coin_id = s.coin_id order by p.source, p.currency limit 1)
    union all
    select n.* from c cross join lateral (select p.source, p.currency from crypto_prices as p
      where p.coin_id = s.coin_id and (p.source, p.currency) > (c.source, c.currency) order by p.source, p.currency limit 1) as n)
  select from c cross join lateral (select p.origin from crypto_prices as p
    where p.coin_id = s.coin_id and p.source = c.source and p.currency = c.currency and ${notFuture('p.time')} order by p.time desc limit 1) as o
  where ${asked('c')} and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('l.origin')})`

/** $4 simulated and handed-in ones too, $5–$7 the cursor, $8 limit */
const REST = `select l.* from s ${LATEST}
  where ${asked('s')} and ($5::text is null or (s.coin_id, s.source, s.currency) > ($5::text, $6::text, $7::text))
  and ($4::boolean or l.origin not in ('simulated', '${MANUAL}') or (l.origin = '${MANUAL}' and '${MANUAL}' = any ($2)) or not ${BETTER_EXISTS})`

const ALL = `${ALL_SERIES} ${REST} limit $8`
// The series of several coins come coin by coin at each step: they are few, and sorted.
const OF_COINS = `${COIN_SERIES} ${REST} order by l.coin_id, l.source, l.currency limit $8`

/** The latest price of each series, ordered by coin, source and currency. */
export async function latestPrices(reader: Reader, query: QueryOf<typeof latestPricesQuery>): Promise<Page<Price>> {
  const after = fromCursor(query.after, 3) ?? [null, null, null]
  const { coins } = query
  const rest = [query.sources ?? null, query.currencies ?? null, query.includeSimulated, ...after, query.limit + 1]
  const rows = coins
    ? await reader.rows({ name: 'latest_of_coins', text: OF_COINS, values: [coins, ...rest] })
    : await reader.rows({ name: 'latest_all', text: ALL, values: [after[0] ?? '', ...rest] })
  const page = rows.slice(0, query.limit)
  const items = reader.readable(price, page)
  const last = page.at(-1)
  if (rows.length === page.length || !last) return { items }
  return { items, next: toCursor(['coin_id', 'source', 'currency'].map((name) => last[name] ?? '')) }
}
