import { type MarketAnalytics, marketAnalytics, type Price, price } from '../../../types/index.ts'
import { type RawRow, type RowReader, readInteger, readTime } from '../../reading/RowReader.ts'
import { rankOfOrigin } from '../preference.ts'
import type { marketSummaryQuery } from '../query/queries.ts'
import type { QueryOf } from '../query/query.ts'
import type { Breadth, MarketMover, MarketSummary } from '../results.ts'
import { MARKET } from './marketStatement.ts'

/** SQL: $1 sources, $2 currencies. Unless $3, figures of the preferred origin hide the others of their currency. */
const ANALYTICS = `with l as (select r.*, s.source, s.currency from series as s cross join lateral (
    select * from market_analytics_rows as r where r.series = s.id and r.time = s.last limit 1) as r
  where s.type = 'market_analytics' and ($1::text[] is null or s.source = any ($1)) and ($2::text[] is null or s.currency = any ($2)))
select * from l where $3::boolean or not exists (select from l as o where o.currency = l.currency and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('l.origin')})
order by source, currency`

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
    gainers: movers(reader, part('gainer')),
    losers: movers(reader, part('loser')),
  }
}

const movers = (reader: RowReader, rows: readonly RawRow[]): MarketMover[] =>
  rows.flatMap((row) => reader.readable<Price>(price, [row]).map((one) => builtFrom(one, row.built_from)))

const builtFrom = (one: Price, from: string | null | undefined): MarketMover =>
  from === 'trades' || from === 'candles' ? { ...one, builtFrom: from } : one

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
