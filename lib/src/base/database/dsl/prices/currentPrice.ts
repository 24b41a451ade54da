import type { RowReader } from '../../reading/RowReader.ts'
import { coinNotFound } from '../coins/notFound.ts'
import { byPreference } from '../preference.ts'
import type { currentPriceQuery } from '../query/queries.ts'
import type { QueryOf } from '../query/query.ts'
import type { CurrentPrice, LatestPrice } from '../results.ts'
import { latestPrices } from './latest.ts'

const candidate = (price: LatestPrice) => ({ ...price, simulated: price.origin === 'simulated', latest: price.time })

/** The latest price of the preferred series of a coin, and the latest prices of its other series. @throws QiError NOT_FOUND */
export async function currentPrice(reader: RowReader, query: QueryOf<typeof currentPriceQuery>): Promise<CurrentPrice> {
  const { items } = await latestPrices(reader, {
    coins: [query.coin],
    sources: query.source === undefined ? undefined : [query.source],
    currencies: query.currency === undefined ? undefined : [query.currency],
    includeSimulated: true,
    sort: 'coin',
    limit: 1000,
    after: undefined,
  })
  const [price, ...others] = items.toSorted((a, b) => byPreference(candidate(a), candidate(b)))
  if (!price) throw await coinNotFound(reader, query, 'price')
  return { price, others }
}
