import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSources } from '../../lib/src/base/database/coverage/sources.ts'
import { Coverage } from '../../lib/src/base/database/index.ts'
import {
  type Decimal,
  nowMicros,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type Trade,
  timeframeMicros,
  trade,
} from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { testStore } from './testStore.ts'

const SECOND = 1_000_000
const MINUTE = timeframeMicros('1m')
const START = Date.UTC(2026, 0, 1) * 1000
const NOW = START + 10 * 86_400 * SECOND

const store = await testStore()
const coverage = await Coverage.open(store.pool)
const reading = Coverage.forReading(store.pool)

const common = { coinId: 'BTC/USDT', currency: 'USDT', origin: 'live' } as const
const priceAt = (source: string, at: number): Price => {
  const time = START + at * 10 * SECOND
  return { ...common, source, time, receivedAt: time, price: '1' as Decimal }
}
const barAt = (source: string, at: number): Ohlcv => {
  const [time, one] = [START + at * MINUTE, '1' as Decimal]
  const figures = { open: one, high: one, low: one, close: one }
  return { ...common, ...figures, source, time, receivedAt: time + MINUTE, timeframe: '1m', isFinal: true, builtFrom: 'provider' }
}
const tradeAt = (source: string, at: number): Trade => {
  const time = START + Math.floor(at / 2) * SECOND
  const named = { source, time, receivedAt: time, tradeId: String(at), sequence: at, side: 'buy' } as const
  return { ...common, ...named, price: '1' as Decimal, amount: '1' as Decimal }
}

test('a lagging replica is read as of its moment: a source with a heartbeat until then runs', async () => {
  await store.pool.query(
    `insert into coverage_sessions (source, started_at, seen_at) values ('lagging', now() - interval '1 hour', now() - interval '30 seconds')`,
  )
  const at = async (lagMs: number) => (await readSources(store.pool, lagMs)).get('lagging')
  expect((await at(0))?.liveSince).toBeUndefined()
  const then = await at(29_000)
  expect(then?.liveSince).toBeDefined()
  // It has run up to that moment, and no further.
  const until = then?.spans.at(-1)?.to ?? 0
  expect(nowMicros() - until).toBeGreaterThan(28 * SECOND)
  expect(nowMicros() - until).toBeLessThan(60 * SECOND)
})

let named = 0

test('reading without writing gives the same answer as a refresh', async () => {
  const stretch = fc.record({ from: fc.integer({ min: 0, max: 400 }), length: fc.integer({ min: 1, max: 40 }) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(stretch, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      async (rounds) => {
        const source = `source-${++named}`
        await coverage.introduce(source, { contiguous: ['trade'] })
        const write = async (numbers: readonly number[]) => {
          await store.timescale.upsert(
            price,
            numbers.map((at) => priceAt(source, at)),
          )
          await store.timescale.upsert(
            ohlcv,
            numbers.map((at) => barAt(source, at)),
          )
          await store.timescale.upsert(
            trade,
            numbers.map((at) => tradeAt(source, at)),
          )
        }
        // A series is listed once a refresh has found it.
        await write([200, 201, 202, 203, 204])
        await coverage.refresh({ sources: [source] })
        for (const stretches of rounds) {
          await write([...new Set(stretches.flatMap(({ from, length }) => Array.from({ length }, (_, i) => from + i)))])
          const read = await reading.list({ sources: [source] }, NOW)
          expect(await reading.list({ sources: [source] }, NOW)).toEqual(read)
          expect(await coverage.list({ sources: [source] }, NOW)).toEqual(read)
          expect(read).toHaveLength(3)
          expect(await reading.list({ sources: [source] }, NOW)).toEqual(read)
        }
      },
    ),
    { ...SHRINKS, numRuns: 20 },
  )
})
