import { defineTool } from '../../base/agent/index.ts'
import { latestPricesQuery, latestPriceWire, parseQuery } from '../../base/database/index.ts'
import { recordTypes } from '../../base/types/index.ts'
import { morePages, recordFacts, someOf } from '../shared/facts.ts'
import { nextPage, pageOf } from '../shared/page.ts'
import { limitOf } from '../shared/parameters.ts'
import { recordSchema } from '../shared/records.ts'
import { table } from '../shared/text.ts'

const { price } = recordTypes

const PRESET = 10

export const getLatestPrices = defineTool({
  name: 'get_latest_prices',
  title: 'Latest prices',
  summary:
    'What coins cost now: the latest stored price of each coin, source and currency; of one coin, several, or all page by page. built_from: trades marks the last trade of a series without prices. For prices over time use get_ohlcv_data.',
  set: 'TimescaleDBFinancialTools',
  inDefaultSet: true,
  effect: 'read',
  pages: { by: 'limit', preset: PRESET },
  input: latestPricesQuery.extend({ limit: limitOf(100, PRESET, 'most rows in a page') }),
  output: pageOf(recordSchema(price)),
  async run({ limit = PRESET, ...query }, { reads }) {
    const page = await reads.dsl.getLatestPrices(parseQuery(latestPricesQuery, { ...query, limit }))
    return nextPage(page, page.items.map(latestPriceWire))
  },
  facts: ({ items, next }, { coins = [] }) =>
    recordFacts(
      items,
      morePages(next),
      someOf(
        new Set(items.map(({ coin_id }) => coin_id)).size,
        next === undefined ? coins.length : 0,
        'coin',
        'nothing is stored of the others',
      ),
    ),
  text: ({ items, next }) =>
    table(items, ['coin_id', 'price', 'currency', 'source', 'time', 'origin'], next, 'nothing is stored of these coins'),
})
