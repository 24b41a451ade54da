import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { type ClickHouseServer, startClickHouse } from '../../support/clickhouse.ts'
import { testDatabase } from '../../support/database.ts'
import { describeWith } from '../../support/services.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { columnsOf, VERSIONED, wireOf } from '../versions.ts'
import { openClickHouse, write } from './open.ts'

describeWith('clickhouse', 'clickhouse and the store', () => {
  let server: ClickHouseServer
  let store: Store
  beforeAll(async () => {
    server = await startClickHouse()
    const { url } = await testDatabase()
    store = await openStore({ home: '.', databaseUrl: url })
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })

  test.each(VERSIONED)(
    'have the same rows of $type.name, however records are shuffled, repeated and split',
    async ({ type, records, table }) => {
      await using sink = await openClickHouse({ url: server.url })
      const own = `qicore_${type.name}`
      await fc.assert(
        fc.asyncProperty(
          fc
            .array(records, { minLength: 1, maxLength: 30 })
            .chain((all) =>
              fc.tuple(
                fc.constant(all),
                fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }),
                fc.integer({ min: 5, max: 20 }),
              ),
            ),
          async ([all, shuffled, size]) => {
            await store.pool.query(`delete from ${table}`)
            await store.timescale.upsert(type, all)
            const { rows } = await store.pool.query<Record<string, unknown>>(`select ${columnsOf(type)} from ${table}`)
            await server.sql(`drop table if exists ${own}`)
            for (let i = 0; i < shuffled.length; i += size)
              expect(await write(sink, type, shuffled.slice(i, i + size))).toMatchObject({ failed: [] })
            const columns = type.fields.map(({ name, kind }) => {
              if (kind === 'decimal') return `coalesce(${name}_exact, toString(${name})) as ${name}`
              return kind === 'time' ? `concat(replaceOne(toString(${name}), ' ', 'T'), 'Z') as ${name}` : name
            })
            const found = await server.sql(`select ${columns.join(', ')} from ${own}_final format JSONEachRow`)
            const inOrder = (some: readonly Record<string, unknown>[]) =>
              some.map((one) => JSON.stringify(wireOf(type, one))).sort()
            expect(inOrder(found)).toEqual(inOrder(rows))
          },
        ),
        { ...SHRINKS, numRuns: 8 },
      )
    },
  )
})
