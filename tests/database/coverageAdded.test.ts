import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Coverage } from '../../lib/src/base/database/index.ts'
import { decimal, ohlcv, price, type Trade, trade } from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()
const coverage = await Coverage.open(store.pool)

const HOUR = 60 * MINUTE
const aTrade = (source: string, sequence: number): Trade => ({
  ...{ coinId: 'bitcoin', source, currency: 'usd', origin: 'live' as const, side: 'buy' as const },
  ...{ time: MONDAY + sequence * MINUTE, receivedAt: MONDAY, sequence, tradeId: `${sequence}` },
  ...{ price: decimal('1'), amount: decimal('1') },
})

/** Minutes, and numbers of trades: mostly close together, some far away. */
const places = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) },
    fc.integer({ min: 2000, max: 2030 }),
    fc.integer({ min: 90_000, max: 90_010 }),
  ),
  { minLength: 1, maxLength: 12 },
)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('bars', 'trades'), at: places }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'refresh' as const, at: [] as number[] }) },
)

async function take(source: string, { kind, at }: { readonly kind: string; readonly at: readonly number[] }): Promise<void> {
  const { timescale } = store
  if (kind === 'refresh') await coverage.refresh({ sources: [source] })
  if (kind === 'bars')
    await timescale.upsert(
      ohlcv,
      at.map((n) => aBar({ source, time: MONDAY + n * MINUTE })),
    )
  if (kind === 'trades')
    await timescale.upsert(
      trade,
      at.map((n) => aTrade(source, n)),
    )
}

let named = 0
test.each(['plain', 'hypertables'] as const)(
  'what is held is the same whether it was looked at often or once, read as of tables that are %s',
  async (layout) => {
    const before = await store.pool.query<{ value: string }>("select value from qicore_settings where name = 'layout'")
    const lay = (value: string | undefined) =>
      store.pool.query("update qicore_settings set value = $1 where name = 'layout'", [value])
    await lay(layout)
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), async (steps) => {
          const source = `added-${++named}`
          await coverage.introduce(source, { contiguous: ['trade'] })
          for (const one of steps) await take(source, one)
          const often = await coverage.list({ sources: [source] })
          await store.pool.query(`delete from coverage_spans where series_id in (select id from series where source = $1)`, [
            source,
          ])
          await store.pool.query('update coverage_series set seen = null where id in (select id from series where source = $1)', [
            source,
          ])
          expect(often).toEqual(await coverage.list({ sources: [source] }))
        }),
        { ...SHRINKS, numRuns: 40 },
      )
    } finally {
      await lay(before.rows[0]?.value)
    }
  },
)

test('a series that was only appended to is read from its end on', async () => {
  const source = 'only-added'
  const priced = (...hours: number[]) =>
    store.timescale.upsert(
      price,
      hours.map((n) => aPrice({ source, time: MONDAY + n * HOUR })),
    )
  const revised = async () =>
    (await store.pool.query("select revised is not null as revised from series where source = $1 and type = 'price'", [source]))
      .rows[0]?.revised
  await priced(1, 2, 3)
  await priced(4, 5)
  await priced(5, 6)
  expect(await revised()).toBe(false)
  await priced(2.5, 7)
  expect(await revised()).toBe(true)
})
