import { defineTool, latestPricesQuery, latestPriceWire, parseQuery, recordTypes } from '../../base/index.ts'
import { resolveCoins } from '../shared/coins.ts'
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
    'The latest stored price of each coin, source and currency, as exact decimals. Of a series with trades alone that of the last trade (built_from: trades). Without coins: of everything held, page by page.',
  set: 'TimescaleDBFinancialTools',
  effect: 'read',
  input: latestPricesQuery.extend({ limit: most(100, 10, 'most rows in a page') }),
  output: pageOf(recordSchema(price)),
  async run({ coins: given, limit, ...query }, { store }) {
    const coins = given && (await resolveCoins(store, given))
    return fitting(limit, 10, async (many) => {
      const page = await store.dsl.getLatestPrices(
        parseQuery(latestPricesQuery, { ...query, ...(coins && { coins }), limit: many }),
      )
      return nextPage(page, page.items.map(latestPriceWire))
    })
  },
  text: ({ items, next }) =>
    table(items, ['coin_id', 'price', 'currency', 'source', 'time', 'origin'], next, 'nothing is stored of these coins'),
})
