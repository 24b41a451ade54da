import { MANUAL, type Price, price } from '../../types/index.ts'
import type { RawRow, Reader } from '../reader.ts'
import { CoinRequests } from './CoinRequests.ts'
import { fromCursor, toCursor } from './cursor.ts'
import { rankOfOrigin } from './preference.ts'
import type { latestPricesQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { LatestPrice, Page } from './results.ts'

/** $2 sources, $3 currencies */
const asked = (row: string): string =>
  `($2::text[] is null or ${row}.source = any ($2)) and ($3::text[] is null or ${row}.currency = any ($3))`

/** The registry keeps the latest row of each series: no record is read, however many there are. */
const ofType = (row: string): string => `${row}.type in ('price', 'trade') and ${row}.last is not null`

/** A series of trades counts where there are no prices. */
const UNPRICED = `s.type = 'trade' and exists (select from series as p where p.coin_id = s.coin_id and p.source = s.source
  and p.currency = s.currency and p.type = 'price' and p.last is not null)`

/** True if among the series asked for is one of the same coin that is nearer to a provider's word. */
const BETTER = `exists (select from series as o where o.coin_id = s.coin_id and ${ofType('o')} and ${asked('o')}
  and ${rankOfOrigin('o.origin')} < ${rankOfOrigin('s.origin')})`

/** $1 coins, or the first of all, $4 simulated and handed-in ones too, $5–$7 the series before the page, $8 limit */
const latest = (
  coins: string,
): string => `select s.coin_id, s.source, s.last as time, s.received_at, s.origin, s.currency, s.price,
    s.market_cap, s.volume_24h, s.change_24h_pct, s.type
  from series as s where ${ofType('s')} and ${coins} and ${asked('s')} and (s.coin_id, s.source, s.currency) > ($5::text, $6::text, $7::text)
    and not (${UNPRICED})
    and ($4::boolean or s.origin not in ('simulated', '${MANUAL}') or (s.origin = '${MANUAL}' and '${MANUAL}' = any ($2)) or not ${BETTER})
  order by s.coin_id, s.source, s.currency limit $8`

const STATEMENTS = {
  latest_all: latest('$1::text[] is null'),
  latest_of_coins: latest('s.coin_id = any ($1::text[])'),
} as const

interface Like {
  readonly sources: readonly string[] | null
  readonly currencies: readonly string[] | null
  readonly includeSimulated: boolean
  readonly limit: number
}

const FIRST = ['', '', '']

const ask = (
  reader: Reader,
  coins: readonly string[] | null,
  { sources, currencies, includeSimulated, limit }: Like,
  after: readonly string[] = FIRST,
): Promise<readonly RawRow[]> => {
  const name = coins ? 'latest_of_coins' : 'latest_all'
  return reader.rows({ name, text: STATEMENTS[name], values: [coins, sources, currencies, includeSimulated, ...after, limit] })
}

const requests = new WeakMap<Reader, CoinRequests<Like>>()

function requestsOf(reader: Reader): CoinRequests<Like> {
  let known = requests.get(reader)
  if (!known) {
    known = new CoinRequests((coins, like) => ask(reader, coins, like))
    requests.set(reader, known)
  }
  return known
}

/** The latest price of each series, ordered by coin, source and currency; of a series without prices that of its last trade. */
export async function latestPrices(reader: Reader, query: QueryOf<typeof latestPricesQuery>): Promise<Page<LatestPrice>> {
  const { coins = null, sources = null, currencies = null, includeSimulated, limit } = query
  const like = { sources, currencies, includeSimulated, limit: limit + 1 }
  const after = fromCursor(query.after, 3)
  const [coin, ...others] = coins ?? []
  const rows =
    coin !== undefined && others.length === 0 && !after
      ? await requestsOf(reader).rows(coin, like)
      : await ask(reader, coins, like, after)
  const page = rows.slice(0, limit)
  const items = page.flatMap((row) => reader.readable<Price>(price, [row]).map((one) => builtFrom(one, row)))
  const last = page.at(-1)
  return rows.length > limit && last ? { items, next: toCursor(SERIES.map((column) => last[column] ?? '')) } : { items }
}

const SERIES = ['coin_id', 'source', 'currency'] as const

const builtFrom = (one: Price, row: RawRow): LatestPrice => (row.type === 'trade' ? { ...one, builtFrom: 'trades' } : one)
