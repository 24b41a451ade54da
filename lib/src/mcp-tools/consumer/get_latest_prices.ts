import { z } from 'zod'
import { defineTool, latestPricesQuery, parseQuery, recordTypes } from '../../base/index.ts'
import { resolveCoins } from '../shared/coins.ts'
import { nextPage, pageOf } from '../shared/page.ts'
import { recordSchema } from '../shared/records.ts'
import { table } from '../shared/text.ts'

const { price } = recordTypes

export const getLatestPrices = defineTool({
  name: 'get_latest_prices',
  title: 'Latest prices',
  summary:
    'The latest stored price of each coin, source and currency, as exact decimals. Without coins: of everything held, page by page.',
  set: 'TimescaleDBFinancialTools',
  effect: 'read',
  input: latestPricesQuery.extend({ limit: z.int().min(1).max(100).default(10).describe('most rows in a page; at most 100') }),
  output: pageOf(recordSchema(price)),
  async run(input, { store }) {
    const coins = input.coins && (await resolveCoins(store, input.coins))
    const page = await store.dsl.getLatestPrices(parseQuery(latestPricesQuery, { ...input, ...(coins && { coins }) }))
    return nextPage(
      page,
      page.items.map((item) => price.toWire(item)),
    )
  },
  text: ({ items, next }) =>
    table(items, ['coin_id', 'price', 'currency', 'source', 'time', 'origin'], next, 'nothing is stored of these coins'),
})
