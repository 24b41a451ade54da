import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimal, type Ohlcv, ohlcv, type RecordType } from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { aBar, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()

/** Few keys and few values, so that keys, final flags and times of receipt collide all the time. */
const bar: fc.Arbitrary<Ohlcv> = fc
  .record({
    coinId: fc.constantFrom('a', 'b'),
    time: fc.constantFrom(MONDAY, MONDAY + 1),
    receivedAt: fc.constantFrom(MONDAY, MONDAY + 5),
    origin: fc.constantFrom('live' as const, 'backfill' as const),
    isFinal: fc.boolean(),
    close: fc.constantFrom('1', '2.5'),
    volume: fc.option(fc.constantFrom('0', '3'), { nil: undefined }),
    tradeCount: fc.option(fc.constantFrom(0, 1), { nil: undefined }),
  })
  .map(({ volume, tradeCount, ...rest }) => ({
    ...aBar(rest),
    ...(volume === undefined ? {} : { volume: decimal(volume) }),
    ...(tradeCount === undefined ? {} : { tradeCount }),
  }))

const table = async (): Promise<unknown> => (await store.pool.query('select * from ohlcv_data order by coin_id, time')).rows

async function stored(batches: readonly (readonly Ohlcv[])[], straightFirst: boolean): Promise<unknown> {
  await store.pool.query('truncate ohlcv_data_rows')
  if (straightFirst) await startStraight()
  for (const batch of batches) await store.timescale.upsert(ohlcv as RecordType<Ohlcv>, batch)
  return table()
}

/** Writes new keys until the writer copies straight into the table again. */
async function startStraight(): Promise<void> {
  for (let i = 0; i < 70; i++) await store.timescale.upsert(ohlcv as RecordType<Ohlcv>, [aBar({ coinId: `warm-${i}` })])
  await store.pool.query('truncate ohlcv_data_rows')
}

const split = (bars: readonly Ohlcv[], at: readonly number[]): Ohlcv[][] => {
  const cuts = [0, ...at.map((part) => Math.floor(part * bars.length)).sort((a, b) => a - b), bars.length]
  return cuts.slice(1).map((to, i) => bars.slice(cuts[i], to))
}

describe('the winner among duplicates', () => {
  it('does not depend on order, repetition, batches, or the way of writing', async () => {
    const runs = fc.asyncProperty(
      fc.array(bar, { minLength: 1, maxLength: 24 }).chain((bars) =>
        fc.record({
          bars: fc.constant(bars),
          again: fc.shuffledSubarray([...bars, ...bars], { minLength: bars.length }).map((some) => [...some, ...bars]),
          cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
          straightFirst: fc.boolean(),
        }),
      ),
      async ({ bars, again, cuts, straightFirst }) => {
        const expected = await stored([bars], false)
        expect(await stored(split(again, cuts), straightFirst)).toEqual(expected)
        expect(
          await stored(
            bars.toReversed().map((one) => [one]),
            false,
          ),
        ).toEqual(expected)
      },
    )
    await fc.assert(runs, { ...SHRINKS, numRuns: 40 })
  })

  it('is the same for single rows written by Drizzle', async () => {
    const runs = fc.asyncProperty(fc.array(bar, { minLength: 1, maxLength: 8 }), async (bars) => {
      const expected = await stored([bars], false)
      await store.pool.query('truncate ohlcv_data_rows')
      for (const one of bars) await store.drizzle.insert(ohlcv as RecordType<Ohlcv>, one)
      expect(await table()).toEqual(expected)
    })
    await fc.assert(runs, { ...SHRINKS, numRuns: 25 })
  })

  it('is the same for concurrent writers of the same keys', async () => {
    await store.pool.query('truncate ohlcv_data_rows')
    const bars = Array.from({ length: 2000 }, (_, i) =>
      aBar({ time: MONDAY + (i % 100) * 1_000_000, receivedAt: MONDAY + ((i * 7919) % 2000) }),
    )
    const lanes = [bars, bars.toReversed(), bars.filter((_, i) => i % 2), bars.filter((_, i) => i % 3)]
    await Promise.all(
      lanes.map(async (lane) => {
        for (let i = 0; i < lane.length; i += 150)
          await store.timescale.upsert(ohlcv as RecordType<Ohlcv>, lane.slice(i, i + 150))
      }),
    )
    const best = [...Map.groupBy(bars, (one) => one.time).values()].map((same) => Math.max(...same.map((one) => one.receivedAt)))
    const { rows } = await store.pool.query(
      'select (extract(epoch from received_at) * 1000000)::bigint::text as r from ohlcv_data order by time',
    )
    expect(rows.map((row) => Number(row.r))).toEqual(best)
  })
})
