import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { testDatabase } from '../../support/database.ts'
import { recordsIn } from '../../support/segmentFiles.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { columnsOf, VERSIONED, wireOf } from '../versions.ts'
import { lakes } from './lake.ts'

const { url } = await testDatabase()
const lake = await lakes('like-the-store')

describe('compacted days and the store', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore({ home: '.', databaseUrl: url })
  })
  afterAll(() => store.close())

  test.each(VERSIONED)('have the same rows of $type.name, however records are shuffled, repeated and split', async (one) => {
    const { type, records, table } = one
    const some = fc.array(records, { minLength: 1, maxLength: 30 })
    const shuffled = some.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }),
        fc.integer({ min: 5, max: 20 }),
      ),
    )
    let repeats = 0
    await fc.assert(
      fc.asyncProperty(shuffled, async ([all, order, size]) => {
        await store.pool.query(`delete from ${table}`)
        await store.timescale.upsert(type, all)
        const { rows } = await store.pool.query<Record<string, unknown>>(`select ${columnsOf(type)} from ${table}`)
        const { daysRoot, add, compact } = await lake()
        for (let i = 0; i < order.length; i += size)
          await add(
            type,
            order.slice(i, i + size).map((record) => type.encodeChecked(record)),
          )
        const { made } = await compact(undefined, Number.MAX_SAFE_INTEGER)
        repeats += made.reduce((sum, day) => sum + day.read - day.rows, 0)
        const inOrder = (wires: readonly Record<string, unknown>[]) =>
          wires.map((wire) => JSON.stringify(wireOf(type, wire))).sort()
        expect(inOrder(await recordsIn(daysRoot))).toEqual(inOrder(rows))
      }),
      { ...SHRINKS, numRuns: 8 },
    )
    expect(repeats).toBeGreaterThan(0)
  })
})
