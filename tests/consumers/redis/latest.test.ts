import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newestFirst, openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { testDatabase } from '../../support/database.ts'
import { type RedisClient, type RedisServer, startRedis } from '../../support/redis.ts'
import { describeWith } from '../../support/services.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { columnsOf, VERSIONED, wireOf } from '../versions.ts'
import { batchOf, keptBy, openRedis } from './open.ts'

describeWith('redis', 'redis and the store', () => {
  let server: RedisServer
  let client: RedisClient
  let store: Store
  beforeAll(async () => {
    server = await startRedis()
    client = await server.client()
    const { url } = await testDatabase()
    store = await openStore({ home: '.', databaseUrl: url })
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })

  test.each(VERSIONED)(
    'have the same latest $type.name, however records are shuffled, repeated and split',
    async ({ type, records, table, series }) => {
      let runs = 0
      await fc.assert(
        fc.asyncProperty(
          fc
            .array(records, { minLength: 1, maxLength: 30 })
            .chain((all) =>
              fc.tuple(
                fc.constant(all),
                fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }),
                fc.integer({ min: 1, max: 12 }),
              ),
            ),
          async ([all, shuffled, size]) => {
            await store.pool.query(`delete from ${table}`)
            await store.timescale.upsert(type, all)
            const { rows } = await store.pool.query<Record<string, unknown>>(
              `select distinct on (${series}) ${columnsOf(type)} from ${table} as t order by ${series}, ${newestFirst(table, 't')}`,
            )
            const prefix = `${type.name}-${++runs}`
            await using sink = await openRedis({ url: server.url, prefix })
            for (let i = 0; i < shuffled.length; i += size) {
              const values = shuffled.slice(i, i + size).map((record) => type.encode(record))
              expect(await sink.writeEncoded?.(type, [batchOf(type, values)])).toMatchObject({ failed: [] })
            }
            const kept = [...(await keptBy(client, `${prefix}:*`)).values()].map((wire) => type.toWire(type.fromWire(wire)))
            const stored = rows.map((row) => wireOf(type, row))
            const inOrder = (some: readonly object[]) => some.map((one) => JSON.stringify(one)).sort()
            expect(inOrder(kept)).toEqual(inOrder(stored))
          },
        ),
        { ...SHRINKS, numRuns: 25 },
      )
    },
  )
})
