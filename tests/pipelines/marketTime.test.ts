import { expect, test } from 'vitest'
import { encodedBatch, ohlcv, type Price, price } from '../../lib/src/base/types/index.ts'
import { marketTime } from '../../lib/src/streaming/pipelines/member/marketTime.ts'
import { aPrice } from '../support/heldSubscription.ts'

const batch = (...values: (Partial<Price> | string)[]) =>
  encodedBatch(
    price.topic,
    0,
    values.map((value, i) => ({
      offset: BigInt(i),
      key: null,
      value: Buffer.from(typeof value === 'string' ? value : price.encode({ ...aPrice(i), ...value })),
      timestamp: 0,
    })),
  )

test('the market time of a write is the oldest time of a live record that is the first of its batch', () => {
  const early = batch({ time: 5_000_000 }, { time: 1_000_000 })
  const late = batch({ time: 9_000_000 })
  expect(marketTime(price, [late, early])).toBe(5000)
  expect(marketTime(price, [batch({ origin: 'backfill', time: 1_000_000 }), late])).toBe(9000)
  expect(marketTime(price, [batch('{"broken":')])).toBeUndefined()
  expect(marketTime(ohlcv, [late])).toBeUndefined()
})
