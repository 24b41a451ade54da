import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ControlConnection, openStore, RoleWatch, type Store } from '../../lib/src/base/database/index.ts'
import { ensureServerRole } from '../../lib/src/mcp-launchers/postgres/readerRole.ts'
import { createDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'

const ENDLESS = 'select sum(a * b) from generate_series(1, 1000000) a, generate_series(1, 1000000) b'

async function external(): Promise<Store> {
  const { url, drop } = await createDatabase('embedded')
  const store = await openStore({ databaseUrl: url, home: await temporary('home') })
  onTestFinished(async () => {
    await store.close()
    await drop()
  })
  return store
}

async function roleOf(store: Store) {
  const control = new ControlConnection(() => store.url)
  onTestFinished(() => control.close())
  return { control, role: await ensureServerRole(store.url, control, store.embedded) }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  return client
}

describe('the role of third-party servers', () => {
  test('has a random password, the same in all processes, and reads records alone', async () => {
    const store = await external()
    const [one, two] = [await roleOf(store), await roleOf(store)]
    expect(two.role.url).toBe(one.role.url)
    expect(new URL(one.role.url).password).toMatch(/^[\w-]{32}$/)
    expect(one.role.warnings.join()).toContain('revoke execute on function pg_advisory_lock')
    const client = await connected(one.role.url)
    expect((await client.query('select count(*)::int as n from crypto_prices')).rows).toEqual([{ n: 0 }])
    for (const table of ['qicore_settings', 'qicore_migrations'])
      await expect(client.query(`select * from ${table}`)).rejects.toMatchObject({ code: '42501' })
    await client.query('set default_transaction_read_only = off')
    await expect(client.query('delete from crypto_prices')).rejects.toMatchObject({ code: '42501' })
  })

  test('is watched: a session that lifts its limits, or takes locks, is ended', async () => {
    const store = await external()
    const { control, role } = await roleOf(store)
    await using _watch = new RoleWatch(control, role.name, 2000)
    const began = performance.now()
    for (const sql of [
      `set statement_timeout = 0; set transaction_timeout = 0; ${ENDLESS}`,
      'select pg_advisory_lock(1); select pg_sleep(60)',
    ]) {
      const client = await connected(role.url)
      await expect(client.query(sql)).rejects.toMatchObject({ code: '57P01' })
    }
    expect(performance.now() - began).toBeLessThan(25_000)
    const well = await connected(role.url)
    expect((await well.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('may call nothing in the embedded server that holds up others', async () => {
    const store = await openStore({ home: `${await temporary('home')}/.qicore` })
    onTestFinished(() => store.close())
    const { role } = await roleOf(store)
    expect(role.warnings).toEqual([])
    const client = await connected(role.url)
    for (const sql of [
      'select pg_advisory_lock(1)',
      'select pg_advisory_xact_lock(1, 1)',
      'select pg_try_advisory_lock_shared(1)',
      'select pg_sleep(1)',
      "select pg_sleep_for('1s')",
      "select pg_notify('a', 'b')",
      'select pg_terminate_backend(1)',
      "select set_config('a.b', 'c', false)",
      'select * from pg_locks',
      'select * from pg_stat_activity',
    ])
      await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' })
    const { rows } = await client.query("select current_setting('temp_file_limit') as files")
    expect(rows).toEqual([{ files: '256MB' }])
    expect((await store.pool.query('select pg_try_advisory_lock(1) as got')).rows).toEqual([{ got: true }])
  })
})
