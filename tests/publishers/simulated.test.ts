import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareDecimals,
  type Ohlcv,
  type Price,
  parseTime,
  type RecordBatch,
  type RecordValues,
  silentLogger,
} from '../../lib/src/base/types/index.ts'
import {
  COINS,
  SimulatedMarket,
  SimulatedSource,
  simulated,
  simulatedPrices,
} from '../../lib/src/publishers/sources/simulated/index.ts'
import { VirtualClock } from '../support/virtualClock.ts'

const START = Date.parse('2026-03-01T12:00:00.250Z')
const MINUTE = 60_000_000

function sourceOf(settings: Record<string, unknown>, start = START) {
  const clock = new VirtualClock(start)
  const source = new SimulatedSource({ config: simulated.config.parse(settings), logger: silentLogger, now: clock.now, clock })
  return { source, clock }
}

async function collect(source: SimulatedSource, clock: VirtualClock): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  await clock.run(
    (async () => {
      for await (const batch of source) batches.push(batch)
    })(),
  )
  return batches
}

const recordsOf = <R>(batches: readonly RecordBatch[], name: string): R[] =>
  batches.filter(({ type }) => type.name === name).flatMap(({ records }) => records as unknown as R[])
const withoutReceived = ({ receivedAt: _, ...rest }: RecordValues) => rest

test('every record is valid and marked simulated', async () => {
  const { source, clock } = sourceOf({ until: '2026-03-01T12:03:00Z', running_candle: true })
  const batches = await collect(source, clock)
  expect(new Set(batches.map(({ type }) => type.name))).toEqual(
    new Set(['instrument', 'price', 'ohlcv', 'market_analytics', 'trending']),
  )
  for (const { type, records } of batches)
    for (const record of records) {
      type.check(record)
      expect(record).toMatchObject({ source: 'simulated', origin: 'simulated' })
    }
  expect(recordsOf(batches, 'instrument')).toHaveLength(COINS.length)
})

test('prices come each interval, at aligned times; candles and market figures each minute', async () => {
  const { source, clock } = sourceOf({ until: '2026-03-01T12:03:00Z' })
  const batches = await collect(source, clock)
  const times = recordsOf<Price>(batches, 'price')
    .filter(({ coinId }) => coinId === 'bitcoin')
    .map(({ time }) => time)
  expect(times).toHaveLength(180)
  expect(times[0]).toBe(parseTime('2026-03-01T12:00:00Z'))
  expect(times.every((time, i) => i === 0 || time - (times[i - 1] as number) === 1_000_000)).toBe(true)
  const candles = recordsOf<Ohlcv>(batches, 'ohlcv').filter(({ coinId }) => coinId === 'pepe')
  expect(candles.map(({ time }) => time)).toEqual(
    ['11:59', '12:00', '12:01', '12:02'].map((at) => parseTime(`2026-03-01T${at}:00Z`)),
  )
  expect(candles.every(({ isFinal, builtFrom }) => isFinal && builtFrom === 'provider')).toBe(true)
  expect(recordsOf(batches, 'market_analytics')).toHaveLength(4)
  expect(clock.now()).toBeGreaterThanOrEqual(Date.parse('2026-03-01T12:02:59Z'))
})

test('a candle is made of the prices of its minute', async () => {
  const { source, clock } = sourceOf({ until: '2026-03-01T12:02:00Z', coins: ['bitcoin', 'pepe', 'no-such-coin'] })
  const batches = await collect(source, clock)
  const prices = recordsOf<Price>(batches, 'price')
  let whole = 0
  for (const candle of recordsOf<Ohlcv>(batches, 'ohlcv')) {
    const inside = prices
      .filter(({ coinId, time }) => coinId === candle.coinId && time >= candle.time && time < candle.time + MINUTE)
      .map(({ price }) => price)
    if (inside.length < 60) continue
    whole++
    const sorted = [...inside].sort(compareDecimals)
    expect([candle.open, candle.high, candle.low, candle.close]).toEqual([inside[0], sorted.at(-1), sorted[0], inside.at(-1)])
  }
  expect(whole).toBeGreaterThan(0)
})

test('two processes, a restart and a backfill agree on every figure', async () => {
  const whole = sourceOf({ until: '2026-03-01T12:03:00Z' })
  const later = sourceOf({ until: '2026-03-01T12:03:00Z' }, START + 70_000)
  const backfill = sourceOf({ from: '2026-03-01T12:00:00Z', until: '2026-03-01T12:03:00Z' }, START + 9_000_000)
  const key = (record: RecordValues) => `${record.coinId} ${record.time}`
  const all = await collect(whole.source, whole.clock)
  for (const name of ['price', 'ohlcv']) {
    const known = new Map(recordsOf<RecordValues>(all, name).map((record) => [key(record), withoutReceived(record)]))
    for (const other of [await collect(later.source, later.clock), await collect(backfill.source, backfill.clock)]) {
      const records = recordsOf<RecordValues>(other, name)
      expect(records.length).toBeGreaterThan(10)
      for (const record of records) expect(withoutReceived(record)).toEqual(known.get(key(record)))
    }
  }
  expect(backfill.clock.now()).toBe(START + 9_000_000)
})

test('the price of any coin at any time is plausible, above 0 and repeatable', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...COINS.map(({ id }) => id), 'x', 'some coin'),
      fc.integer({ min: 0, max: 4e15 }),
      fc.string({ minLength: 1 }),
      (coin, time, seed) => {
        const price = new SimulatedMarket(seed).price(coin, time, time)
        expect(new SimulatedMarket(seed).price(coin, time, time)).toEqual(price)
        expect(price.price).not.toMatch(/^-|^0$/)
        const candle = new SimulatedMarket(seed).candle(coin, Math.floor(time / MINUTE) * MINUTE, time)
        for (const figure of [candle.open, candle.close, candle.low])
          expect(compareDecimals(candle.high, figure)).toBeGreaterThanOrEqual(0)
        for (const figure of [candle.open, candle.close, candle.high])
          expect(compareDecimals(candle.low, figure)).toBeLessThanOrEqual(0)
        const level = COINS.find(({ id }) => id === coin)
        if (level) expect(Math.abs(Math.log(Number(price.price) / level.level))).toBeLessThan(4 * level.volatility)
      },
    ),
    { numRuns: 300 },
  )
})

test('seeds and coins differ; prices move, tether hardly', () => {
  const day = (seed: string, coin: string) => {
    const market = new SimulatedMarket(seed)
    return Array.from({ length: 1440 }, (_, i) => Math.log(market.level(coin, 1.77e15 + i * MINUTE)))
  }
  const spread = (values: number[]) => Math.max(...values) - Math.min(...values)
  expect(day('a', 'bitcoin')).not.toEqual(day('b', 'bitcoin'))
  expect(spread(day('a', 'bitcoin'))).toBeGreaterThan(0.005)
  expect(spread(day('a', 'bitcoin'))).toBeLessThan(0.3)
  expect(spread(day('a', 'tether'))).toBeLessThan(0.003)
})

test('the generator gives the same prices as the source', async () => {
  const { source, clock } = sourceOf({
    from: '2026-01-01T00:00:00Z',
    until: '2026-01-01T00:00:10Z',
    seed: 's',
    currency: 'eur',
    coins: ['bitcoin', 'pepe'],
  })
  const given = recordsOf<Price>(await collect(source, clock), 'price')
  const from = parseTime('2026-01-01T00:00:00Z')
  const made = [...simulatedPrices({ seed: 's', from, to: from + 10_000_000, coins: ['bitcoin', 'pepe'], currency: 'eur' })]
  expect(given.map(withoutReceived)).toEqual(made.map(withoutReceived))
})

test('a count ends it exactly; a rate spreads prices over the second', async () => {
  const { source, clock } = sourceOf({ count: 1234, rate: 1000, coins: ['a', 'b', 'c'] })
  const prices = recordsOf<Price>(await collect(source, clock), 'price')
  expect(prices).toHaveLength(1234)
  expect(clock.now() - START).toBeGreaterThan(1100)
  expect(clock.now() - START).toBeLessThan(1300)
  expect(new Set(prices.map(({ coinId, time }) => `${coinId} ${time}`)).size).toBe(1234)
})

test('prices that fell due without a pull are made up for; after ten minutes it continues from now', async () => {
  const { source, clock } = sourceOf({ coins: ['a'], market: false, candles: false })
  const iterator = source[Symbol.asyncIterator]()
  const pull = async () => ((await clock.run(iterator.next())).value as RecordBatch).records as unknown as Price[]
  await pull()
  await pull()
  await clock.run(clock.sleep(30_000))
  const missed = await pull()
  expect(missed.map(({ time }) => time)).toEqual(
    Array.from({ length: 30 }, (_, i) => parseTime('2026-03-01T12:00:01Z') + i * 1_000_000),
  )
  await clock.run(clock.sleep(3_600_000))
  expect((await pull()).map(({ time }) => time)).toEqual([Math.floor(clock.now() / 1000) * 1_000_000])
  await source.close()
  expect((await clock.run(iterator.next())).done).toBe(true)
})

test('close() ends a pending pull', async () => {
  const { source } = sourceOf({ coins: ['a'], market: false, candles: false })
  const iterator = source[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.next()
  const pending = iterator.next()
  await source.close()
  expect((await pending).done).toBe(true)
  await source.close()
  expect(await source.check()).toMatchObject({ ok: true })
})

test.each([
  [{ coins: ['a', 'a'] }, 'names a coin twice'],
  [{ from: 'yesterday' }, 'is not a time such as'],
  [{ interval: 5 }, 'interval'],
  [{ currency: 'xyz' }, 'usd'],
])('settings at fault: %o', (settings, message) => {
  expect(() => simulated.config.parse(settings)).toThrow(message)
})

test.each([-7_200_000, 7_200_000])('prices continue at once when the clock is set by %i ms', async (step) => {
  const clock = new VirtualClock(START)
  let set = 0
  const now = () => clock.now() + set
  const config = simulated.config.parse({ coins: ['bitcoin'], candles: false, market: false, count: 9 })
  const source = new SimulatedSource({ config, logger: silentLogger, now, clock })
  const times: number[] = []
  await clock.run(
    (async () => {
      for await (const { type, records } of source) {
        if (type.name !== 'price') continue
        times.push(...records.map(({ time }) => time as number))
        if (times.length === 4) set = step
      }
    })(),
  )
  expect(times).toHaveLength(9)
  expect(clock.now() - START).toBeLessThan(12_000)
  const after = times[8] as number
  expect(Math.abs(after - (START + step) * 1000)).toBeLessThan(12_000_000)
})
