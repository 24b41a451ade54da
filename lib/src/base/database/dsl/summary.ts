import { type MarketAnalytics, marketAnalytics, type Price, price } from '../../types/index.ts'
import { notFuture } from '../future.ts'
import { type Reader, readInteger, readTime } from '../reader.ts'
import { rankOfOrigin } from './preference.ts'
import type { marketSummaryQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { Breadth, MarketSummary } from './results.ts'

/** $1 sources, $2 currencies; the figures of a currency that are nearest to a provider's word hide the others of it unless $3. */
const ANALYTICS = `with recursive s (source, currency) as (
  (select source, currency from market_analytics order by source, currency limit 1)
  union all
  select n.* from s cross join lateral (select a.source, a.currency from market_analytics as a
    where (a.source, a.currency) > (s.source, s.currency) order by a.source, a.currency limit 1) as n),
l as (select a.* from s cross join lateral (select * from market_analytics as m
    where m.source = s.source and m.currency = s.currency and ${notFuture('m.time')} order by m.time desc limit 1) as a
  where ($1::text[] is null or s.source = any ($1)) and ($2::text[] is null or s.currency = any ($2)))
select * from l where $3::boolean or not exists (select from l as o where o.currency = l.currency and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('l.origin')})
order by source, currency`

/**
 * The latest price of each series as a common start; prices a day older than the newest of their source and currency are of
 * coins that are no longer fed, and say nothing about the market now.
 */
const LATEST = `with recursive s (coin_id, source, currency) as (
  (select coin_id, source, currency from crypto_prices order by coin_id, source, currency limit 1)
  union all
  select n.* from s cross join lateral (select p.coin_id, p.source, p.currency from crypto_prices as p
    where (p.coin_id, p.source, p.currency) > (s.coin_id, s.source, s.currency)
    order by p.coin_id, p.source, p.currency limit 1) as n),
l as materialized (select p.* from s cross join lateral (select * from crypto_prices as q
    where q.coin_id = s.coin_id and q.source = s.source and q.currency = s.currency and ${notFuture('q.time')} order by q.time desc limit 1) as p
  where ($1::text[] is null or s.source = any ($1)) and ($2::text[] is null or s.currency = any ($2))),
shown as materialized (select * from (select *, max(time) over (partition by source, currency) as newest,
    ${rankOfOrigin('origin')} as rank, min(${rankOfOrigin('origin')}) over (partition by coin_id) as best from l) as w
  where time > newest - interval '1 day' and scale(price) is not null
    and (change_24h_pct is null or scale(change_24h_pct) is not null) and ($3::boolean or rank = best))`

const BREADTH = `${LATEST}
select 'breadth' as part, source, currency, bool_and(origin = 'simulated') as simulated, max(time) as time, count(*) as coins,
  count(*) filter (where change_24h_pct > 0) as advancers, count(*) filter (where change_24h_pct < 0) as decliners,
  count(*) filter (where change_24h_pct = 0) as unchanged, avg(change_24h_pct)::float8 as mean
from shown group by source, currency order by source, currency`

/** $4 how many */
const MOVERS = `${LATEST}
(select *, 'gainer' as part from shown where change_24h_pct > 0 order by change_24h_pct desc, coin_id, source, currency limit $4)
union all
(select *, 'loser' as part from shown where change_24h_pct < 0 order by change_24h_pct, coin_id, source, currency limit $4)`

/** The latest figures of the whole market, and what we compute from the latest prices. */
export async function marketSummary(reader: Reader, query: QueryOf<typeof marketSummaryQuery>): Promise<MarketSummary> {
  const values = [query.sources ?? null, query.currencies ?? null, query.includeSimulated]
  const analytics = await reader.records<MarketAnalytics>(marketAnalytics, { text: ANALYTICS, values })
  const breadth = await reader.rows({ text: BREADTH, values })
  const movers = await reader.rows({ text: MOVERS, values: [...values, query.movers] })
  const part = (name: string) =>
    reader.readable<Price>(
      price,
      movers.filter((row) => row.part === name),
    )
  return { analytics, breadth: breadth.map(toBreadth), gainers: part('gainer'), losers: part('loser') }
}

function toBreadth(row: Readonly<Record<string, string | null>>): Breadth {
  const count = (name: string) => readInteger(row[name] ?? '0')
  return {
    source: row.source as string,
    currency: row.currency as string,
    simulated: row.simulated === 't',
    time: readTime(row.time as string),
    coins: count('coins'),
    advancers: count('advancers'),
    decliners: count('decliners'),
    unchanged: count('unchanged'),
    ...(row.mean == null ? {} : { meanChange24hPct: Number(row.mean) }),
  }
}
