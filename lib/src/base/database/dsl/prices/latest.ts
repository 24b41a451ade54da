import { MANUAL, type Price, price } from '../../../types/index.ts'
import type { RawRow, RowReader } from '../../reading/RowReader.ts'
import { resolveCoins } from '../coins/resolve.ts'
import { rankOfOrigin } from '../preference.ts'
import { foreignCursor, fromCursor, toCursor } from '../query/cursor.ts'
import type { latestPricesQuery } from '../query/queries.ts'
import type { QueryOf } from '../query/query.ts'
import type { LatestPrice, Page } from '../results.ts'
import { CoinRequests } from './CoinRequests.ts'

/** SQL: $2 sources, $3 currencies */
const asked = (row: string): string =>
  `($2::text[] is null or ${row}.source = any ($2)) and ($3::text[] is null or ${row}.currency = any ($3))`

/** SQL: series of prices or trades. The registry keeps the latest row of each series, so no record is read. */
const ofType = (row: string): string => `${row}.type in ('price', 'trade') and ${row}.last is not null`

/** SQL: true for trades of a series that also has prices, which then count instead. */
const PRICED_ELSEWHERE = `s.type = 'trade' and exists (select from series as p where p.coin_id = s.coin_id and p.source = s.source
  and p.currency = s.currency and p.type = 'price' and p.last is not null)`

/** SQL: true if the query also matches a series of the same coin whose origin is preferred. */
const BETTER = `exists (select from series as o where o.coin_id = s.coin_id and ${ofType('o')} and ${asked('o')}
  and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('s.origin')})`

/** SQL: $1 coins, or null for all, $4 true for simulated and manual series too */
const rows = (coins: string): string => `select s.coin_id, s.source, s.last as time, s.received_at, s.origin, s.currency, s.price,
    s.market_cap, s.volume_24h, s.change_24h_pct, s.type
  from series as s where ${ofType('s')} and ${coins} and ${asked('s')} and not (${PRICED_ELSEWHERE})
    and ($4::boolean or s.origin not in ('simulated', '${MANUAL}') or (s.origin = '${MANUAL}' and '${MANUAL}' = any ($2)) or not ${BETTER})`

/** SQL: $5–$7 the series before the page, $8 limit */
const latest = (coins: string): string => `${rows(coins)} and (s.coin_id, s.source, s.currency) > ($5::text, $6::text, $7::text)
  order by s.coin_id, s.source, s.currency limit $8`

/**
 * SQL: $5 rows before the page, $6 limit. Figures in two currencies cannot be compared, so rows are ordered by their rank within
 * the currency: the first of each currency, then the second of each.
 */
const sorted = (figure: string): string => `select * from (${rows('($1::text[] is null or s.coin_id = any ($1))')}) as s
  order by ${figure} is null, rank() over (partition by currency order by ${figure} desc nulls last), coin_id, source, currency offset $5 limit $6`

const STATEMENTS = {
  latest_all: latest('$1::text[] is null'),
  latest_of_coins: latest('s.coin_id = any ($1::text[])'),
  latest_by_market_cap: sorted('market_cap'),
  latest_by_volume_24h: sorted('volume_24h'),
  latest_by_change_24h_pct: sorted('change_24h_pct'),
} as const

interface Like {
  readonly sources: readonly string[] | null
  readonly currencies: readonly string[] | null
  readonly includeSimulated: boolean
  readonly limit: number
}

const FIRST = ['', '', '']

const ask = (
  reader: RowReader,
  coins: readonly string[] | null,
  { sources, currencies, includeSimulated, limit }: Like,
  after: readonly string[] = FIRST,
): Promise<readonly RawRow[]> => {
  const name = coins ? 'latest_of_coins' : 'latest_all'
  return reader.rows({ name, text: STATEMENTS[name], values: [coins, sources, currencies, includeSimulated, ...after, limit] })
}

const requests = new WeakMap<RowReader, CoinRequests<Like>>()

function requestsOf(reader: RowReader): CoinRequests<Like> {
  let known = requests.get(reader)
  if (!known) {
    known = new CoinRequests((coins, like) => ask(reader, coins, like))
    requests.set(reader, known)
  }
  return known
}

/**
 * {@link latestPrices}, with tickers and names in place of ids. Names are looked up only if the first page leaves a coin unanswered,
 * so ids cost no search.
 * @throws QiError NOT_FOUND if several coins share a ticker
 */
export async function latestPricesByName(
  reader: RowReader,
  query: QueryOf<typeof latestPricesQuery>,
): Promise<Page<LatestPrice>> {
  const page = await latestPrices(reader, query)
  const unseen = query.coins?.filter((coin) => !page.items.some(({ coinId }) => coinId === coin)) ?? []
  if (!query.coins || unseen.length === 0 || page.next || query.after) return page
  const named = (await resolveCoins(reader, unseen, query)).filter((id, i) => id !== unseen[i])
  return named.length === 0 ? page : latestPrices(reader, { ...query, coins: [...new Set([...query.coins, ...named])] })
}

/** The latest price of each series by coin, source and currency, or sorted by a figure; for a series without prices, its last trade. */
export async function latestPrices(reader: RowReader, query: QueryOf<typeof latestPricesQuery>): Promise<Page<LatestPrice>> {
  if (query.sort !== 'coin') return sortedPrices(reader, query, query.sort)
  const { coins = null, sources = null, currencies = null, includeSimulated, limit } = query
  const like = { sources, currencies, includeSimulated, limit: limit + 1 }
  const after = fromCursor(query.after, 3)
  const [coin, ...others] = coins ?? []
  const rows =
    coin !== undefined && others.length === 0 && !after
      ? await requestsOf(reader).rows(coin, like)
      : await ask(reader, coins, like, after)
  const page = rows.slice(0, limit)
  const items = itemsOf(reader, page)
  const last = page.at(-1)
  return rows.length > limit && last ? { items, next: toCursor(SERIES.map((column) => last[column] ?? '')) } : { items }
}

async function sortedPrices(
  reader: RowReader,
  query: QueryOf<typeof latestPricesQuery>,
  sort: Exclude<QueryOf<typeof latestPricesQuery>['sort'], 'coin'>,
): Promise<Page<LatestPrice>> {
  const { coins = null, sources = null, currencies = null, includeSimulated, limit, after } = query
  const [by, place = '0'] = fromCursor(after, 2) ?? [sort]
  if (after !== undefined && (by !== sort || !/^\d{1,9}$/.test(place))) throw foreignCursor(after)
  const name = `latest_by_${sort}` as const
  const values = [coins, sources, currencies, includeSimulated, Number(place), limit + 1]
  const rows = await reader.rows({ name, text: STATEMENTS[name], values })
  const items = itemsOf(reader, rows.slice(0, limit))
  return rows.length > limit ? { items, next: toCursor([sort, String(Number(place) + limit)]) } : { items }
}

const itemsOf = (reader: RowReader, rows: readonly RawRow[]): LatestPrice[] =>
  rows.flatMap((row) => reader.readable<Price>(price, [row]).map((one) => builtFrom(one, row)))

const SERIES = ['coin_id', 'source', 'currency'] as const

const builtFrom = (one: Price, row: RawRow): LatestPrice => (row.type === 'trade' ? { ...one, builtFrom: 'trades' } : one)
