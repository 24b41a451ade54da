import { expect, onTestFinished, test } from 'vitest'
import { ChangeListener, openStore, withClient } from '../../lib/src/base/database/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { openEmbeddedStream } from '../../lib/src/streaming/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { document, failure, qicore } from '../app/cli/qicore.ts'
import { createDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { aPrice } from './records.ts'

describeWith('openssl', 'a server that takes encrypted connections alone, and an ordinary role', () => {
  async function fresh() {
    const { name, url, drop } = await createDatabase('tls')
    onTestFinished(drop)
    const plain = new URL(url)
    const ca = plain.searchParams.get('sslrootcert') as string
    plain.search = ''
    return { name, url, plain: plain.href, ca }
  }

  test('every connection of a store and its log is encrypted: writers, readers, control, listeners, the role for SQL of users', async () => {
    const { name, url } = await fresh()
    await using store = await openStore({ databaseUrl: url, home: '/nowhere', readerLimits: 'waived' })
    await using stream = await openEmbeddedStream({ url, logger: silentLogger })
    await stream.createTopics(['secure'], { partitions: 1 })
    await stream.append('secure', [{ key: 'a', value: 'over TLS' }])
    await store.dsl.storePrices([aPrice()])
    expect((await store.dsl.getLatestPrices()).items).toHaveLength(1)
    const limits = { limit: 1, offset: 0, room: 1_000, width: 100, timeoutMs: 5_000 }
    const own = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
    expect((await store.sql.read('select coin_id from crypto_prices', limits)).rows).toEqual([['bitcoin']])
    expect(await store.check()).toMatchObject({ ok: true })
    const { rows } = await store.pool.query<{ n: number; encrypted: number }>(
      `select count(*)::int as n, count(*) filter (where s.ssl)::int as encrypted
       from pg_stat_activity a join pg_stat_ssl s using (pid) where a.datname = $1`,
      [name],
    )
    expect(rows[0]?.n).toBeGreaterThan(4)
    expect(rows[0]?.encrypted).toBe(rows[0]?.n)
    expect((await store.pool.query(own)).rows).toEqual([{ ssl: true }])
    const { rows: rights } = await store.pool.query('select rolsuper, rolcreatedb from pg_roles where rolname = current_user')
    expect(rights).toEqual([{ rolsuper: false, rolcreatedb: false }])
  })

  test('notifications arrive, and a statement ends after its client is gone', async () => {
    const { url } = await fresh()
    await using store = await openStore({ databaseUrl: url, home: '/nowhere' })
    let heard = 0
    const listener = new ChangeListener({
      pool: store.createPool({ max: 1 }),
      channel: 'over_tls',
      onChange: () => void heard++,
      logger: silentLogger,
    })
    await until(async () => {
      await store.pool.query('notify over_tls')
      return heard > 0
    }, 'the change to be heard').finally(() => listener.close())
    const leaving = new AbortController()
    const sleeping = withClient(store.pool, (client) => client.query("select pg_sleep(600), 'left behind'"), {
      signal: leaving.signal,
    })
    const count = async () => {
      const { rows } = await store.pool.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where query like '%left behind%' and state = 'active' and pid <> pg_backend_pid()",
      )
      return rows[0]?.n
    }
    await until(async () => (await count()) === 1, 'the work to have begun')
    leaving.abort()
    await expect(sleeping).rejects.toMatchObject({ code: 'CANCELLED' })
    // The server checks every five seconds if the client is still connected.
    await until(async () => (await count()) === 0, 'the server to have noticed')
  })

  test('a platform stores a market there, and its users read there', async () => {
    const { plain, ca } = await fresh()
    await using project = await makeProject('over-tls')
    const env = { DATABASE_URL: plain, DATABASE_READ_URL: plain, DATABASE_TLS_CA: ca, QICORE_SOURCES: 'simulated' }
    {
      const { config } = loadConfig({ cwd: project.cwd, env })
      await using platform = new CryptoDataPlatform({ config })
      await platform.start()
      await until(async () => (await platform.store.reads.dsl.getLatestPrices()).items.length > 0, 'prices to be stored')
      expect(await platform.health()).toMatchObject({ status: 'up' })
    }
    const { items } = document<{ items: unknown[] }>(await qicore(['query', 'latest', '--json'], { cwd: project.cwd, env }))
    expect(items).not.toHaveLength(0)
  })

  test('without TLS the error names the setting that turns it on', async () => {
    const { plain } = await fresh()
    await using project = await makeProject('plain')
    const query = await qicore(['query', 'latest', '--json'], { cwd: project.cwd, env: { DATABASE_URL: plain } })
    expect([query.code, failure(query).message]).toEqual([2, expect.stringContaining('set DATABASE_TLS=true')])
  })
})
