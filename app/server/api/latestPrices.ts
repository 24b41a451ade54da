import { type LatestPrice, latestPricesQuery, type Page } from '../../../lib/src/base/database/index.ts'
import { latestPrice } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { formatHeaders, formatNames, formatOf, formatParameter, otherTypes } from '../history/format.ts'
import { listAnswer } from '../history/list.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { pageOf } from './schemas.ts'
import { priceJson } from './wire.ts'

const schema = pageOf({ schema: named('LatestPrice', latestPrice.schema) }, 'LatestPricePage', 'Prices')

export const latestPrices = defineRoute({
  path: '/api/v1/prices/latest',
  suffixes: formatNames,
  tag: 'Prices',
  name: 'latestPrices',
  summary: 'The latest price of each source, coin and currency; simulated rows only for coins without a real one, or on request',
  query: latestPricesQuery.extend({ format: formatParameter }),
  headers: formatHeaders.pick({ accept: true }),
  responses: {
    200: {
      description: 'prices, ordered by coin, source and currency',
      schema,
      more: otherTypes,
    },
  },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  async answer({ platform }, { format: parameter, ...query }, asked) {
    const format = formatOf({ suffix: asked.suffix, parameter, accept: asked.header('accept') })
    const { dsl } = platform.store.reads
    const page = await dsl.getLatestPrices(query)
    // Throws with a suggestion if no source has that coin; otherwise the filters left nothing.
    if (page.items.length === 0 && query.coins && !query.after) await dsl.getCurrentPrice({ coin: query.coins[0] as string })
    return format === 'json' ? json(pricesJson(page)) : listAnswer(asked, format, 'latest', latestPrice, page)
  },
})

function pricesJson({ items, next }: Page<LatestPrice>): string {
  return `{"items":[${items.map(priceJson).join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`
}
