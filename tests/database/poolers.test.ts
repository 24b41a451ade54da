import { join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { checkServer } from '../../lib/src/base/database/connections/checkServer.ts'
import { createPool, openStore, withClient } from '../../lib/src/base/database/index.ts'
import { openEmbeddedStream } from '../../lib/src/streaming/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { document, failure, qicore } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { type Pooler, startPgBouncer } from '../support/pgbouncer.ts'
import { describeWith } from '../support/services.ts'
import { suiteFolder } from '../support/temporary.ts'
import { aPrice } from './records.ts'

describeWith('pgbouncer', 'a pooler in front of the database', async () => {
  const database = await testDatabase()
  const folder = await suiteFolder('pgbouncer')
  const started: Pooler[] = []
  afterAll(() => Promise.all(started.map(({ stop }) => stop())))

  async function through(
    mode: 'session' | 'transaction' | 'statement',
    more: Record<string, string | number> = {},
  ): Promise<string> {
    const pooler = await startPgBouncer(join(folder, `${mode}-${started.length}`), database.url, mode, more)
    started.push(pooler)
    return pooler.url
  }

  const open = (databaseUrl: string) => openStore({ databaseUrl, home: '/nowhere', readers: 2, writers: 1, openTimeoutMs: 5_000 })
  const advice = (mode: string) =>
    `DATABASE_URL goes through a pooler in ${mode} mode, which loses session state: use its session mode or the direct port (Supabase 5432, Neon without -pooler)`

  test.for(['transaction', 'statement'] as const)('%s mode is refused when the store is opened', async (mode) => {
    await expect(open(await through(mode))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      field: 'database.url',
      message: advice(mode),
    })
  })

  test('transaction mode is detected with sessions assigned in turn, with a single session, and while others use them', async () => {
    await expect(open(await through('transaction', { default_pool_size: 1 }))).rejects.toMatchObject({
      message: advice('transaction'),
    })
    const url = await through('transaction', { server_round_robin: 1, default_pool_size: 2 })
    const others = new pg.Pool({ connectionString: url, max: 6 })
    const busy = new AbortController()
    let working: Promise<void>[] = []
    try {
      await Promise.all(Array.from({ length: 6 }, () => others.query('select pg_sleep(0.05)')))
      await expect(open(url)).rejects.toMatchObject({ message: advice('transaction') })
      working = Array.from({ length: 6 }, async () => {
        while (!busy.signal.aborted) await others.query('select 1')
      })
      await expect(open(url)).rejects.toMatchObject({ message: advice('transaction') })
    } finally {
      busy.abort()
      await Promise.all(working)
      await others.end()
    }
  })

  test('a pool alone and the embedded log refuse it too', async () => {
    const url = await through('transaction')
    const pool = createPool(url, { max: 2 })
    const refusal = {
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^the URL of the database goes through a pooler in transaction mode/),
    }
    await expect(withClient(pool, (client) => client.query('select 1'))).rejects.toMatchObject(refusal)
    await pool.end()
    await expect(openEmbeddedStream({ url })).rejects.toMatchObject(refusal)
  })

  test('session mode works: records are written and read', async () => {
    await using store = await open(await through('session'))
    await store.dsl.storePrices([aPrice()])
    expect((await store.dsl.getLatestPrices()).items).toHaveLength(1)
  })

  test('a pooler in session mode without a free session is not mistaken for another mode', async () => {
    await checkServer(await through('session', { default_pool_size: 1 }), 'DATABASE_URL', true)
  })

  test('the command line reports the same error, and doctor adds no remedy of its own', async () => {
    await using project = await makeProject('pooler')
    const env = { DATABASE_URL: await through('transaction'), QICORE_SOURCES: 'none' }
    const query = await qicore(['query', 'latest', '--json'], { cwd: project.cwd, env })
    expect(query.code).toBe(2)
    expect(failure(query).message).toBe(advice('transaction'))
    const { checks } = document<{ checks: { name: string; summary: string; remedy?: string }[] }>(
      await qicore(['doctor', '--json'], { cwd: project.cwd, env }),
      1,
    )
    const store = checks.find(({ name }) => name === 'store')
    expect(store?.summary).toContain(advice('transaction'))
    expect(store?.remedy).toBeUndefined()
  })
})
