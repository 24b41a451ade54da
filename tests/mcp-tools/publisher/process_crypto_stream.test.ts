import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatTime } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type LinkedTools, linkedTools } from '../linkedTools.ts'
import { appendPrices, pricesOf, START } from './prices.ts'

const { url: databaseUrl } = await testDatabase()
let tools: LinkedTools
const figures = Array.from({ length: 60 }, (_, i) => 100 * 1.001 ** i)
beforeAll(async () => {
  tools = await linkedTools({ databaseUrl })
  const { stream, store } = tools.platform
  await appendPrices(stream, [
    ...pricesOf('rising', figures),
    ...pricesOf('two-venues', [1, 2, 3]),
    ...pricesOf('two-venues', [1, 2, 3], { currency: 'eur' }),
    ...pricesOf('short', [5, 6], { origin: 'simulated' }),
    ...pricesOf('not-above-zero', [0, 0, 0]),
    ...pricesOf(
      'other',
      Array.from({ length: 500 }, () => 7),
    ),
  ])
  await until(async () => (await store.pool.query('select from crypto_prices')).rowCount === 571, 'all prices stored')
})
afterAll(() => tools[Symbol.asyncDispose]())

interface Answer {
  readonly records: number
  readonly from: string
  readonly last: number
  readonly simulated: boolean
  readonly moving_average?: { readonly sma: number; readonly formula: string }
  readonly volatility?: { readonly per_step_pct: number; readonly formula: string }
  readonly trend?: { readonly direction: string; readonly slope_pct_per_hour: number; readonly formula: string }
  readonly missing?: readonly string[]
}
const ask = (input: Record<string, unknown>) => tools.call<Answer>('process_crypto_stream', input)
const refused = (input: Record<string, unknown>) => tools.refused('process_crypto_stream', input)

test.each(['stream', 'store'])('computes over the newest records of the %s, and names its formulas', async (readFrom) => {
  const answer = await ask({ coin: 'rising', read_from: readFrom, window: 50, period: 10 })
  const window = figures.slice(-50)
  expect(answer).toMatchObject({ records: 50, from: formatTime(START + 10e6), simulated: false })
  expect(answer.last).toBeCloseTo(window.at(-1) as number, 9)
  expect(answer.moving_average?.sma).toBeCloseTo(window.slice(-10).reduce((a, b) => a + b, 0) / 10, 9)
  expect(answer.volatility?.per_step_pct).toBeCloseTo(0, 6)
  expect(answer.trend?.direction).toBe('up')
  expect(answer.trend?.slope_pct_per_hour).toBeCloseTo((1.001 ** 3600 - 1) * 100, 3)
  for (const part of [answer.moving_average, answer.volatility, answer.trend]) expect(part?.formula).toBeTruthy()
})

test('computes what was asked for alone, and says what there is too little for', async () => {
  const answer = await ask({ coin: 'short', operations: ['volatility', 'moving_average'] })
  expect(answer).toMatchObject({
    records: 2,
    simulated: true,
    missing: [/needs 20/, /needs 3/].map((like) => expect.stringMatching(like)),
  })
  expect(answer.trend).toBeUndefined()
})

test('refuses, and says what to do', async () => {
  expect(await refused({ coin: 'two-venues' })).toMatch(/^BAD_REQUEST: .*2 series.*pass source and currency.*currency eur/)
  expect(await ask({ coin: 'two-venues', currency: 'eur' })).toMatchObject({ records: 3 })
  expect(await refused({ coin: 'nothing-of-it' })).toMatch(/^NOT_FOUND: coin "nothing-of-it".*stream_crypto_data/)
  expect(await refused({ coin: "'; drop table crypto_prices; --", read_from: 'store' })).toMatch(/^NOT_FOUND/)
  expect(await refused({ coin: 'not-above-zero' })).toMatch(/^BAD_DATA/)
  expect(await refused({ coin: 'rising', window: 5, period: 9 })).toMatch(/^BAD_REQUEST: period 9: more than window 5/)
})
