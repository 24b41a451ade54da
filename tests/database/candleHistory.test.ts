import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { TIMEFRAMES } from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const { dsl, pool } = await testStore()
afterEach(async () => {
  await pool.query('truncate crypto_prices_rows, ohlcv_data_rows')
})

test('a range of any length gives the same candles in pieces as in one answer', async () => {
  const minutes = fc.array(fc.integer({ min: 0, max: 3 * 1440 }), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(minutes, minutes, fc.constantFrom(...TIMEFRAMES.slice(1)), async (bars, prices, timeframe) => {
      await pool.query('truncate crypto_prices_rows, ohlcv_data_rows')
      await dsl.storeOHLCV(bars.map((minute) => aBar({ time: MONDAY + minute * MINUTE })))
      await dsl.storePrices(prices.map((minute) => aPrice({ time: MONDAY + minute * MINUTE + 1, price: String(minute + 1) })))
      const range = { coin: 'bitcoin', timeframe, to: MONDAY + 4 * 1440 * MINUTE }
      const { candles } = await dsl.getOHLCV({ ...range, limit: 10_000 })
      expect(await Array.fromAsync(dsl.getCandleHistory(range))).toEqual(candles)
    }),
    { numRuns: 30, ...SHRINKS },
  )
})

test('a year of bars with a long hole comes complete, and resumes after any piece', async () => {
  const opens = [...Array(12_000).keys(), ...Array.from({ length: 6_000 }, (_, i) => 500_000 + i)].map(
    (i) => MONDAY - 525_600 * MINUTE + i * MINUTE,
  )
  for (let i = 0; i < opens.length; i += 2_000) await dsl.storeOHLCV(opens.slice(i, i + 2_000).map((time) => aBar({ time })))
  const range = { coin: 'bitcoin', timeframe: '1m', to: MONDAY } as const
  const times = async (query: object) =>
    (await Array.fromAsync(dsl.getCandleHistory({ ...range, ...query }))).map(({ time }) => time)
  expect(await times({})).toEqual(opens)
  const history = await dsl.openCandleHistory(range)
  let rest = opens
  const { ndjsonLines } = await import('../../lib/src/base/database/index.ts')
  for await (const { rows, next, time } of history.pieces(ndjsonLines)) {
    expect(time).toBe(rest[rows - 1])
    rest = rest.slice(rows)
    expect(await times({ after: next })).toEqual(rest)
  }
  expect(rest).toEqual([])
})
