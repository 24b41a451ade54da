import { expect, test } from 'vitest'
import { isBuiltInTopic, price, TopicCatalogue, trade } from '../../lib/src/base/types/index.ts'

test('topics of record types carry their type; topics of pipelines carry the declared one, until the next declaration', () => {
  const catalogue = new TopicCatalogue([['fast-prices', 'price']])
  expect(catalogue.typeOf('crypto-prices')).toBe(price)
  expect(catalogue.typeOf('fast-prices')).toBe(price)
  expect(catalogue.typeOf('fast-prices.dlq')).toBeUndefined()
  expect(catalogue.topics()).toEqual(expect.arrayContaining(['crypto-prices', 'fast-prices']))

  catalogue.declare([['majors', 'trade']])
  expect(catalogue.typeOf('majors')).toBe(trade)
  expect(catalogue.typeOf('fast-prices')).toBeUndefined()
})

test('the topic of a record type keeps its type whatever is declared', () => {
  const catalogue = new TopicCatalogue([['crypto-prices', 'trade']])
  expect(catalogue.typeOf('crypto-prices')).toBe(price)
  expect(catalogue.topics().filter((topic) => topic === 'crypto-prices')).toHaveLength(1)
  expect(isBuiltInTopic('crypto-prices')).toBe(true)
  expect(isBuiltInTopic('fast-prices')).toBe(false)
})
