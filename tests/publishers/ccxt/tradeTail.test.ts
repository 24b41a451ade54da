import { expect, test } from 'vitest'
import { type Trade, trade } from '../../../lib/src/base/types/index.ts'
import { TradeTail } from '../../../lib/src/publishers/sources/ccxt/TradeTail.ts'
import type { Parsed } from '../../../lib/src/publishers/sources/shared/collect.ts'

const MS = 1000
const START = 1_796_061_164_362_000

const page = (first: number, last: number): Parsed<Trade> => ({
  type: trade,
  records: Array.from({ length: last - first + 1 }, (_, i) => aTrade(first + i)),
  rejected: [],
})
const aTrade = (n: number) => ({ tradeId: `t${n}`, time: START + n * MS }) as Trade
const ids = ({ trades }: { trades: Parsed<Trade> }) => trades.records.map(({ tradeId }) => Number(tradeId.slice(1)))
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** An exchange with trades up to `now` that shows the latest ten, or the first ten from a time on. */
function market(honoursSince: boolean, shows = 10) {
  const state = { now: 20, calls: 0 }
  const fetch = async (since?: number): Promise<Parsed<Trade>> => {
    state.calls++
    if (since === undefined || !honoursSince) return page(Math.max(1, state.now - shows + 1), state.now)
    const first = Math.max(1, Math.ceil((since - START) / MS))
    return page(first, Math.min(state.now, first + shows - 1))
  }
  return { state, fetch }
}

test('polls that share an id miss nothing, and need one call', async () => {
  const { state, fetch } = market(false)
  const tail = new TradeTail()
  expect(ids(await tail.poll(fetch))).toEqual(range(11, 20))
  state.now = 25
  const next = await tail.poll(fetch)
  expect(ids(next)).toEqual(range(21, 25))
  expect(next.hole).toBeUndefined()
  expect(state.calls).toBe(2)
})

test('a poll without a shared id fetches the trades between', async () => {
  const { state, fetch } = market(true)
  const tail = new TradeTail()
  await tail.poll(fetch)
  state.now = 77
  const next = await tail.poll(fetch)
  expect(ids(next)).toEqual(range(21, 77))
  expect(next.hole).toBeUndefined()
})

test('the hole is told where the exchange gives only its latest trades', async () => {
  const { state, fetch } = market(false)
  const tail = new TradeTail()
  await tail.poll(fetch)
  state.now = 77
  const next = await tail.poll(fetch)
  expect(ids(next)).toEqual(range(68, 77))
  expect(next.hole).toEqual({ from: START + 20 * MS + 1, to: START + 68 * MS })
  state.now = 80
  expect((await tail.poll(fetch)).hole).toBeUndefined()
})

test('a hole that is too long to close is filled from its beginning, and the rest is told', async () => {
  const { state, fetch } = market(true)
  const tail = new TradeTail()
  await tail.poll(fetch)
  state.now = 10_000
  const next = await tail.poll(fetch)
  const given = ids(next)
  expect(given.slice(0, 3)).toEqual([21, 22, 23])
  const filled = given.at(-11) as number
  expect(next.hole).toEqual({ from: START + filled * MS + 1, to: START + 9991 * MS })
})

test('nothing new is no hole', async () => {
  const { fetch } = market(false)
  const tail = new TradeTail()
  await tail.poll(fetch)
  expect(await tail.poll(fetch)).toMatchObject({ trades: { records: [] }, hole: undefined })
  expect(await tail.poll(async () => page(1, 0))).toMatchObject({ trades: { records: [] }, hole: undefined })
})
