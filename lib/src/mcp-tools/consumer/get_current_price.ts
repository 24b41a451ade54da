import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { currentPriceQuery, latestPriceWire } from '../../base/database/index.ts'
import { recordTypes } from '../../base/types/index.ts'
import { recordFacts } from '../shared/facts.ts'
import { MOST_OTHERS } from '../shared/parameters.ts'
import { recordSchema } from '../shared/records.ts'
import { cell, markOf } from '../shared/text.ts'

const { price } = recordTypes

export const getCurrentPrice = defineTool({
  name: 'get_current_price',
  title: 'Current price',
  summary:
    "The latest stored price of one coin in its preferred series (a provider's before manual before simulated, then the most recent), and in the next ones. For several coins, or one at all sources, use get_latest_prices.",
  set: 'TimescaleDBFinancialTools',
  effect: 'read',
  input: currentPriceQuery,
  output: z.object({
    price: recordSchema(price),
    others: z.array(recordSchema(price)).describe('the same coin at other sources or in other currencies'),
    others_count: z.int().describe('how many others there are; name source or currency to get one'),
  }),
  async run(query, { reads }) {
    const found = await reads.dsl.getCurrentPrice(query)
    return {
      price: latestPriceWire(found.price),
      others: found.others.slice(0, MOST_OTHERS).map(latestPriceWire),
      others_count: found.others.length,
    }
  },
  facts: ({ price: one }) => recordFacts([one]),
  text: ({ price: { coin_id, price: figure, currency, source, time, origin }, others_count }) =>
    `${cell(coin_id)}: ${figure} ${cell(currency)} at ${cell(source)}, ${time}${markOf({ source, origin })}` +
    (others_count > 0 ? `; ${others_count} other series` : ''),
})
