import type { Reader } from '../reader.ts'
import { latestPrices } from './latest.ts'
import { coinNotFound } from './notFound.ts'
import { byPreference } from './preference.ts'
import type { currentPriceQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { CurrentPrice, LatestPrice } from './results.ts'

const candidate = (price: LatestPrice) => ({ ...price, simulated: price.origin === 'simulated', latest: price.time })

/** The latest price of the preferred series of a coin, and those of the others. */
export async function currentPrice(reader: Reader, query: QueryOf<typeof currentPriceQuery>): Promise<CurrentPrice> {
  const { items } = await latestPrices(reader, {
    coins: [query.coin],
    sources: query.source === undefined ? undefined : [query.source],
    currencies: query.currency === undefined ? undefined : [query.currency],
    includeSimulated: true,
    limit: 1000,
    after: undefined,
  })
  const [price, ...others] = items.toSorted((a, b) => byPreference(candidate(a), candidate(b)))
  if (!price) throw await coinNotFound(reader, query, 'price')
  return { price, others }
}
