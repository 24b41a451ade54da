import { z } from 'zod'
import { type LatestPrice, latestPricesQuery, type Page, recordTypes } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { pageOf } from './schemas.ts'

const { price } = recordTypes

const builtFrom = {
  built_from: z
    .literal('trades')
    .optional()
    .describe('trades: of a series without prices, the price of its last trade; absent where a price is stored'),
}

export const latestPrices = defineRoute({
  path: '/api/v1/prices/latest',
  name: 'latestPrices',
  summary: 'The latest price of each (source, coin, currency); simulated rows only where there is no real one, or when asked for',
  query: latestPricesQuery,
  responses: {
    200: {
      description: 'prices, ordered by coin, source and currency',
      schema: pageOf({ ...price, schema: price.schema.extend(builtFrom) }, 'Prices'),
    },
  },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  async answer({ platform }, query) {
    const { dsl } = platform.store.reads
    const page = await dsl.getLatestPrices(query)
    // Throws where nobody has that coin, with what may have been meant; else a filter left none.
    if (page.items.length === 0 && query.coins && !query.after) await dsl.getCurrentPrice({ coin: query.coins[0] as string })
    return json(pricesJson(page))
  },
})

function pricesJson({ items, next }: Page<LatestPrice>): string {
  const all = items.map((item) => {
    const json = price.encode(item)
    return item.builtFrom === undefined ? json : `${json.slice(0, -1)},"built_from":"${item.builtFrom}"}`
  })
  return `{"items":[${all.join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`
}
