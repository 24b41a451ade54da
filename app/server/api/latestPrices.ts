import { latestPricesQuery, recordTypes } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { pageOf } from './schemas.ts'
import { pageJson } from './wire.ts'

const { price } = recordTypes

export const latestPrices = defineRoute({
  path: '/api/v1/prices/latest',
  name: 'latestPrices',
  summary: 'The latest price of each (source, coin, currency); simulated rows only where there is no real one, or when asked for',
  query: latestPricesQuery,
  responses: { 200: { description: 'prices, ordered by coin, source and currency', schema: pageOf(price, 'Prices') } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) => json(pageJson(price, await platform.store.dsl.getLatestPrices(query))),
})
