import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ControlConnection,
  createOwnTable,
  openStore,
  RoleWatch,
  SqlAccess,
  type Store,
} from '../../../lib/src/base/database/index.ts'
import { price, silentLogger } from '../../../lib/src/base/types/index.ts'
import { Tokens } from '../../../lib/src/mcp-tools/index.ts'
import { createDatabase } from '../../support/database.ts'
import { temporary } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'
import { aPrice } from '../records.ts'

const ENDLESS = 'select sum(a * b) from generate_series(1, 1000000) a, generate_series(1, 1000000) b'

async function embedded(): Promise<{ readonly store: Store; readonly home: string }> {
  const home = join(await temporary('home'), '.qicore')
  const store = await openStore({ home })
  onTestFinished(() => store.close())
  return { store, home }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  return client
}

const textOf = async (client: pg.Client, sql: string): Promise<string> =>
  String(Object.values((await client.query(sql)).rows[0] as object)[0])

describe('the role for people in the embedded server', () => {
  test('reads records, reference data and the user’s own tables, and no secrets', async () => {
    const { store } = await embedded()
    await store.timescale.upsert(price, [aPrice({ price: '5.6e-11' })])
    const { url, readOnly } = await store.access.reader()
    expect(readOnly).toBe(true)
    const reader = await connect(url)
    expect(await textOf(reader, 'select current_user')).toBe('qicore_reader')
    expect(await textOf(reader, 'select price::text from crypto_prices')).toBe('0.000000000056')
    expect(await textOf(reader, 'select price from crypto_prices_text')).toBe('0.000000000056')
    expect(await textOf(reader, 'select count(*) from rollup_1d')).toBe('0')
    await createOwnTable(store.pool, 'plain', {
      table: 'funding_rates',
      columns: [{ name: 'rate', type: 'numeric' }],
      key: [],
      chunkDays: 1,
    })
    expect(await textOf(reader, 'select count(*) from funding_rates')).toBe('0')
    await Tokens.open(store.pool)
    for (const table of [
      'qicore_settings',
      'qicore_migrations',
      'tokens',
      'audit_log',
      'crypto_prices_rows',
      'pg_authid',
      'pg_stat_activity',
    ])
      await expect(reader.query(`select * from ${table}`), table).rejects.toMatchObject({
        code: expect.stringMatching(/42501|42P01/),
      })
    const { rows } = await reader.query<{ name: string }>(
      `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
       and has_table_privilege(c.oid, 'select') and c.relname ~ 'qicore|token|audit|setting|_rows$'`,
    )
    expect(rows).toEqual([])
  })

  test('changes nothing, whatever it sets: no rows, tables, large objects or roles', async () => {
    const { store } = await embedded()
    await store.timescale.upsert(price, [aPrice()])
    const reader = await connect((await store.access.reader()).url)
    await expect(reader.query('create temp table filled (n int)')).rejects.toMatchObject({ code: '25006' })
    await reader.query('set default_transaction_read_only = off')
    for (const sql of [
      'delete from crypto_prices',
      "update crypto_prices set price = 1 where coin_id = 'bitcoin'",
      'insert into series (type) values (1)',
      'truncate crypto_prices_rows',
      'create table taken (n int)',
      'create temp table filled as select generate_series(1, 10)',
      'create schema taken',
      'select lo_create(0)',
      "select lo_from_bytea(0, 'x')",
      'create role another',
      'set role qicore_owner',
      'alter role qicore_reader connection limit 1000',
      "set temp_file_limit = '1TB'",
      'select pg_advisory_lock(1)',
      'select pg_sleep(60)',
      'begin; lock table crypto_prices in exclusive mode',
    ])
      await expect(reader.query(sql), sql).rejects.toMatchObject({ code: '42501' })
    expect((await store.pool.query('select count(*)::int as n from crypto_prices')).rows).toEqual([{ n: 1 }])
  })

  test('has limits; sessions that lift them are ended, and their memory stays limited', async () => {
    const { store } = await embedded()
    const { url } = await store.access.reader()
    const reader = await connect(url)
    const { rows } = await store.pool.query<{ settings: string[]; most: number }>(
      `select setconfig as settings, rolconnlimit as most from pg_db_role_setting join pg_roles r on r.oid = setrole where rolname = 'qicore_reader'`,
    )
    expect(rows[0]?.most).toBe(16)
    expect(rows[0]?.settings).toEqual(
      expect.arrayContaining([
        'default_transaction_read_only=on',
        'statement_timeout=300000',
        'idle_in_transaction_session_timeout=300000',
        'temp_file_limit=256MB',
        'work_mem=8MB',
        'max_parallel_workers_per_gather=0',
      ]),
    )
    await expect(reader.query('select count(*) from generate_series(1, 1000000000)')).rejects.toMatchObject({
      message: expect.stringContaining('temp_file_limit'),
    })
    await store.access.keep(silentLogger)
    await using _watch = new RoleWatch(control(store), 'qicore_reader', 2_000, store.embedded)
    const ended = new Promise((resolve) => reader.once('end', resolve))
    await reader.query('set statement_timeout = 0; set transaction_timeout = 0')
    await expect(reader.query(ENDLESS)).rejects.toThrow()
    await ended
    if (process.platform !== 'linux') return
    const greedy = await connect(url)
    await greedy.query("set work_mem = '10GB'")
    const pid = await textOf(greedy, 'select pg_backend_pid()')
    await until(
      async () => /Max data size +268435456/.test(await readFile(`/proc/${pid}/limits`, 'utf8')),
      'its memory to be bounded',
    )
    await expect(
      greedy.query("select cardinality(array_agg(repeat('x', 10000000) || i)) from generate_series(1, 1000) i"),
    ).rejects.toMatchObject({ code: '53200' })
    expect(await textOf(greedy, 'select 1')).toBe('1')
  })

  test('has its password in a private file; after it is deleted there is a new password, and old sessions end', async () => {
    const { store, home } = await embedded()
    const file = join(home, 'postgres.reader.password')
    const { url } = await store.access.reader()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(new URL(url).password).toBe(await readFile(file, 'utf8'))
    expect((await store.access.reader()).url).toBe(url)
    const before = await connect(url)
    const ended = new Promise((resolve) => before.once('end', resolve))
    await rm(file)
    // As another process does it, while the server runs.
    await using other = await openStore({ home })
    const { url: renewed } = await other.access.reader()
    expect(renewed).not.toBe(url)
    await ended
    await expect(new pg.Client(url).connect()).rejects.toMatchObject({ code: '28P01' })
    expect(await textOf(await connect(renewed), 'select current_user')).toBe('qicore_reader')
  })
})

/** A separate connection for the test. */
function control(store: Store): ControlConnection {
  const made = new ControlConnection(() => store.url)
  onTestFinished(() => made.close())
  return made
}

describe('the role for people on a server of the user', () => {
  test('is created if the owner may, with the number of the database in its name', async () => {
    const { url, drop } = await createDatabase()
    onTestFinished(drop)
    const store = await openStore({ databaseUrl: url, home: '/nowhere' })
    onTestFinished(() => store.close())
    const { url: address, readOnly } = await store.access.reader()
    expect(readOnly).toBe(true)
    const reader = await connect(address)
    expect(await textOf(reader, 'select current_user')).toMatch(/^qicore_sql_\d+$/)
    expect(await textOf(reader, 'select count(*) from crypto_prices_float')).toBe('0')
    await expect(reader.query('select * from qicore_settings')).rejects.toMatchObject({ code: '42501' })
  })

  test('is the role of the configuration if the owner may create none, or the database is not set up', async () => {
    const { url, name, drop } = await createDatabase('embedded')
    onTestFinished(drop)
    const empty = new SqlAccess({ url: () => url, control: controlOf(url) })
    expect(await empty.reader()).toMatchObject({ url, readOnly: false, reason: expect.stringContaining('qicore_settings') })

    const admin = await connect(url)
    await admin.query(`create role plain_${name} login password 'secret'; alter database ${name} owner to plain_${name};
      alter schema public owner to plain_${name}`)
    const plain = Object.assign(new URL(url), { username: `plain_${name}`, password: 'secret' }).href
    const store = await openStore({ databaseUrl: plain, home: '/nowhere' })
    onTestFinished(() => store.close())
    expect(await store.access.reader()).toMatchObject({ url: plain, readOnly: false, reason: expect.stringContaining('role') })
    const away = new SqlAccess({ url: () => 'postgres://x@127.0.0.1:1/y', control: controlOf('postgres://x@127.0.0.1:1/y') })
    await expect(away.reader()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

function controlOf(url: string): ControlConnection {
  const made = new ControlConnection(() => url)
  onTestFinished(() => made.close())
  return made
}
