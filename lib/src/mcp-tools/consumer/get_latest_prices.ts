import { defineTool, latestPricesQuery, latestPriceWire, parseQuery, recordTypes } from '../../base/index.ts'
import { fitting } from '../shared/fit.ts'
import { nextPage, pageOf } from '../shared/page.ts'
import { most } from '../shared/parameters.ts'
import { recordSchema } from '../shared/records.ts'
import { table } from '../shared/text.ts'

const { price } = recordTypes

export const getLatestPrices = defineTool({
  name: 'get_latest_prices',
  title: 'Latest prices',
  summary:
    'What coins cost now: the latest stored price of each coin, source and currency; of one coin, several, or all page by page. built_from: trades marks the last trade of a series that has trades alone. For prices over time use get_ohlcv_data.',
  set: 'TimescaleDBFinancialTools',
  inDefaultSet: true,
  effect: 'read',
  input: latestPricesQuery.extend({ limit: most(100, 10, 'most rows in a page') }),
  output: pageOf(recordSchema(price)),
  run({ limit, ...query }, { store }) {
    return fitting(limit, 10, async (many) => {
      const page = await store.dsl.getLatestPrices(parseQuery(latestPricesQuery, { ...query, limit: many }))
      return nextPage(page, page.items.map(latestPriceWire))
    })
  },
  text: ({ items, next }) =>
    table(items, ['coin_id', 'price', 'currency', 'source', 'time', 'origin'], next, 'nothing is stored of these coins'),
})
