import { defineRecord } from './define.ts'
import { oneOf, optional } from './fields.ts'
import { price, priceFields } from './price.ts'

/** The latest price of a series as it is served. It is no record of a topic or a table; files and answers of latest prices have its fields. */
export const latestPrice = defineRecord({
  name: 'latest_price',
  summary: 'The latest price of one series',
  topic: price.topic,
  key: ['coin_id', 'source', 'currency'],
  ahead: price.ahead,
  fields: {
    ...priceFields,
    built_from: optional(
      oneOf(['trades'], 'trades: of a series without prices, the price of its last trade; absent where a price is stored'),
    ),
  },
})
