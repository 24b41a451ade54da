import { MANUAL, type Price, price } from '../../types/index.ts'
import { notFuture } from '../future.ts'
import { newestFirst } from '../marketOrder.ts'
import type { RawRow, Reader } from '../reader.ts'
import { fromCursor, toCursor } from './cursor.ts'
import { rankOfOrigin } from './preference.ts'
import type { latestPricesQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { LatestPrice, Page } from './results.ts'
import { anyTrades } from './traded.ts'

/*
 * One row for each series (coin, source, currency) without reading the rows between: each step of the recursion jumps through
 * the primary key to the next series, and a lateral subquery takes its newest row. The cost is two index probes a series,
 * however long the history; DISTINCT ON would read all of it. A page stops the walk as soon as it is full.
 *
 * Series that have trades and no prices are walked in the same way, by a statement of their own that only a store with trades is asked.
 */

type Table = 'crypto_prices' | 'trades'

/** All series of a table from a coin on. $1 coin */
const allSeries = (table: Table): string => `with recursive s (coin_id, source, currency) as (
  (select coin_id, source, currency from ${table} where coin_id >= $1 order by coin_id, source, currency limit 1)
  union all
  select n.* from s cross join lateral (select p.coin_id, p.source, p.currency from ${table} as p
    where (p.coin_id, p.source, p.currency) > (s.coin_id, s.source, s.currency)
    order by p.coin_id, p.source, p.currency limit 1) as n)`

/** The series of the given coins. $1 coins */
const coinSeries = (table: Table): string => `with recursive s (coin_id, source, currency) as (
  select f.* from (select distinct unnest($1::text[]) as coin) as w cross join lateral (
    select p.coin_id, p.source, p.currency from ${table} as p where p.coin_id = w.coin order by p.source, p.currency limit 1) as f
  union all
  select n.* from s cross join lateral (select p.coin_id, p.source, p.currency from ${table} as p
    where p.coin_id = s.coin_id and (p.source, p.currency) > (s.source, s.currency) order by p.source, p.currency limit 1) as n)`

/** $2 sources, $3 currencies */
const asked = (row: string): string =>
  `($2::text[] is null or ${row}.source = any ($2)) and ($3::text[] is null or ${row}.currency = any ($3))`

/** Of trades the newest moment is found first: only those of that moment are sorted. */
function newest(table: Table, columns: string, series: string): string {
  const of = (row: string) =>
    `${row}.coin_id = s.coin_id and ${row}.source = ${series}.source and ${row}.currency = ${series}.currency`
  const latest = (row: string) => `${of(row)} and ${notFuture(`${row}.time`)} order by ${row}.time desc limit 1`
  if (table !== 'trades') return `select ${columns} from ${table} as p where ${latest('p')}`
  return `select ${columns} from trades as p where ${of('p')}
    and p.time = (select q.time from trades as q where ${latest('q')}) order by ${newestFirst(table, 'p')} limit 1`
}

/** Whether among the series asked for a table has one of the same coin that is nearer to a provider's word. */
const betterExists = (table: Table): string => `exists (
  with recursive c (source, currency) as (
    (select p.source, p.currency from ${table} as p where p.coin_id = s.coin_id order by p.source, p.currency limit 1)
    union all
    select n.* from c cross join lateral (select p.source, p.currency from ${table} as p
      where p.coin_id = s.coin_id and (p.source, p.currency) > (c.source, c.currency) order by p.source, p.currency limit 1) as n)
  select from c cross join lateral (${newest(table, 'p.origin', 'c')}) as o
  where ${asked('c')} and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('l.origin')})`

const COLUMNS: Readonly<Record<Table, string>> = {
  crypto_prices: '*',
  trades: 'p.coin_id, p.source, p.time, p.received_at, p.origin, p.currency, p.price',
}

/** $4 simulated and handed-in ones too, $5–$7 the cursor, $8 limit; `better` are the tables in which a better series hides them */
const rest = (table: Table, better: readonly Table[], condition = ''): string => `select l.* from s
  cross join lateral (${newest(table, COLUMNS[table], 's')}) as l
  where ${asked('s')} and ($5::text is null or (s.coin_id, s.source, s.currency) > ($5::text, $6::text, $7::text)) ${condition}
  and ($4::boolean or l.origin not in ('simulated', '${MANUAL}') or (l.origin = '${MANUAL}' and '${MANUAL}' = any ($2))
    or not (${better.map(betterExists).join(' or ')}))`

const UNPRICED = `and not exists (${newest('crypto_prices', '1', 's')})`
const BOTH = ['crypto_prices', 'trades'] as const

// The series of several coins come coin by coin at each step: they are few, and sorted.
const SORTED = 'order by l.coin_id, l.source, l.currency limit $8'

/** By name. Where there are no trades, nothing looks for them. */
const STATEMENTS = {
  latest_all: `${allSeries('crypto_prices')} ${rest('crypto_prices', ['crypto_prices'])} limit $8`,
  latest_of_coins: `${coinSeries('crypto_prices')} ${rest('crypto_prices', ['crypto_prices'])} ${SORTED}`,
  latest_all_beside_trades: `${allSeries('crypto_prices')} ${rest('crypto_prices', BOTH)} limit $8`,
  latest_of_coins_beside_trades: `${coinSeries('crypto_prices')} ${rest('crypto_prices', BOTH)} ${SORTED}`,
  latest_all_of_trades: `${allSeries('trades')} ${rest('trades', BOTH, UNPRICED)} limit $8`,
  latest_of_coins_of_trades: `${coinSeries('trades')} ${rest('trades', BOTH, UNPRICED)} ${SORTED}`,
} as const

/** The latest price of each series, ordered by coin, source and currency; of a series without prices that of its last trade. */
export async function latestPrices(reader: Reader, query: QueryOf<typeof latestPricesQuery>): Promise<Page<LatestPrice>> {
  const after = fromCursor(query.after, 3) ?? [null, null, null]
  const { coins, sources = null, currencies = null, includeSimulated, limit } = query
  const values = [coins ?? after[0] ?? '', sources, currencies, includeSimulated, ...after, limit + 1]
  const kind = coins ? 'latest_of_coins' : 'latest_all'
  const ask = (name: keyof typeof STATEMENTS) => reader.rows({ name, text: STATEMENTS[name], values })
  if (!(await anyTrades(reader))) return pageOf(await ask(kind), limit, (page) => reader.readable(price, page))
  const [prices, trades] = await Promise.all([ask(`${kind}_beside_trades`), ask(`${kind}_of_trades`)])
  if (trades.length === 0) return pageOf(prices, limit, (page) => reader.readable(price, page))
  const built = new Set(trades)
  const read = (page: readonly RawRow[]) =>
    page.flatMap((row) =>
      reader.readable<Price>(price, [row]).map((one) => (built.has(row) ? { ...one, builtFrom: 'trades' } : one)),
    )
  return pageOf([...prices, ...trades].sort(bySeries), limit, read as (page: readonly RawRow[]) => LatestPrice[])
}

function pageOf(
  rows: readonly RawRow[],
  limit: number,
  read: (page: readonly RawRow[]) => readonly LatestPrice[],
): Page<LatestPrice> {
  const page = rows.slice(0, limit)
  const items = read(page)
  const last = page.at(-1)
  if (rows.length === page.length || !last) return { items }
  return { items, next: toCursor(SERIES.map((name) => last[name] ?? '')) }
}

const SERIES = ['coin_id', 'source', 'currency'] as const

/** Byte by byte, as the database orders them. */
function bySeries(a: RawRow, b: RawRow): number {
  for (const name of SERIES) {
    const order = Buffer.compare(Buffer.from(a[name] ?? ''), Buffer.from(b[name] ?? ''))
    if (order !== 0) return order
  }
  return 0
}
