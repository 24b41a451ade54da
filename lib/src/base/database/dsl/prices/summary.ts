import { type MarketAnalytics, marketAnalytics, type Price, price } from '../../../types/index.ts'
import { type RowReader, readInteger, readTime } from '../../reading/RowReader.ts'
import { rankOfOrigin } from '../preference.ts'
import type { marketSummaryQuery } from '../query/queries.ts'
import type { QueryOf } from '../query/query.ts'
import type { Breadth, MarketSummary } from '../results.ts'

/** SQL: $1 sources, $2 currencies. Unless $3, figures of the preferred origin hide the others of their currency. */
const ANALYTICS = `with l as (select r.*, s.source, s.currency from series as s cross join lateral (
    select * from market_analytics_rows as r where r.series = s.id and r.time = s.last limit 1) as r
  where s.type = 'market_analytics' and ($1::text[] is null or s.source = any ($1)) and ($2::text[] is null or s.currency = any ($2)))
select * from l where $3::boolean or not exists (select from l as o where o.currency = l.currency and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('l.origin')})
order by source, currency`

const RANK = (row: string): string => rankOfOrigin(`${row}.origin`)

/**
 * SQL: breadth and movers of the latest prices, in one statement. Prices more than a day older than the newest of their source and
 * currency are left out: those coins are no longer updated. $1–$3 as above, $4 how many movers
 */
const MARKET = `with l as materialized (select coin_id, source, currency, last as time, received_at, origin, price, market_cap, volume_24h,
    change_24h_pct from series where type = 'price' and last is not null
    and ($1::text[] is null or source = any ($1)) and ($2::text[] is null or currency = any ($2))),
fed as materialized (select source, currency, max(time) as newest from l group by source, currency),
shown as materialized (select l.* from l join fed as f on f.source = l.source and f.currency = l.currency
  where l.time > f.newest - interval '1 day' and scale(l.price) is not null and (l.change_24h_pct is null or scale(l.change_24h_pct) is not null)
    and ($3::boolean or ${RANK('l')} = 0 or not exists (select from series as o where o.coin_id = l.coin_id and o.type = 'price'
      and o.last is not null and ($1::text[] is null or o.source = any ($1)) and ($2::text[] is null or o.currency = any ($2))
      and ${RANK('o')} < ${RANK('l')}))),
gainers as (select * from shown where change_24h_pct > 0 order by change_24h_pct desc, coin_id, source, currency limit $4),
losers as (select * from shown where change_24h_pct < 0 order by change_24h_pct, coin_id, source, currency limit $4)
select 'breadth' as part, null as coin_id, source, currency, max(time) as time, null::timestamptz as received_at, null as origin,
  null::numeric as price, null::numeric as market_cap, null::numeric as volume_24h, null::numeric as change_24h_pct,
  bool_and(origin = 'simulated') as simulated, count(*) as coins, count(*) filter (where change_24h_pct > 0) as advancers,
  count(*) filter (where change_24h_pct < 0) as decliners, count(*) filter (where change_24h_pct = 0) as unchanged,
  avg(change_24h_pct)::float8 as mean from shown group by source, currency
union all select 'gainer', *, null, null, null, null, null, null from gainers
union all select 'loser', *, null, null, null, null, null, null from losers`

/** The latest figures of the whole market, with breadth and movers computed from the latest prices. */
export async function marketSummary(reader: RowReader, query: QueryOf<typeof marketSummaryQuery>): Promise<MarketSummary> {
  const values = [query.sources ?? null, query.currencies ?? null, query.includeSimulated]
  const analytics = await reader.records<MarketAnalytics>(marketAnalytics, { text: ANALYTICS, values })
  const rows = await reader.rows({ text: MARKET, values: [...values, query.movers] })
  const part = (name: string) => rows.filter((row) => row.part === name)
  const breadth = part('breadth').map(toBreadth)
  return {
    analytics,
    breadth: breadth.sort((a, b) => byText(a.source, b.source) || byText(a.currency, b.currency)),
    gainers: reader.readable<Price>(price, part('gainer')),
    losers: reader.readable<Price>(price, part('loser')),
  }
}

/** Byte order, as the database sorts. */
const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

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
