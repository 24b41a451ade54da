import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkSql } from '../../../app/cli/doctor/sql.ts'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { createDatabase } from '../../support/database.ts'
import { temporary } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'

const limits = { limit: 1000, offset: 0, room: 1e6, width: 1000, timeoutMs: 5000 }
/** A query that runs for minutes, in small steps. */
const ENDLESS = 'select sum(a * b) from generate_series(1, 1000000) a, generate_series(1, 1000000) b'
/** A query whose rows take some time each, so that fifty of them stay below the statement limit. */
const SLOW_ROWS = 'select (select count(*) from generate_series(1, 200000 + i)) from generate_series(1, 1000) i'

async function embedded(): Promise<Store> {
  const store = await openStore({ home: `${await temporary('home')}/.qicore` })
  onTestFinished(() => store.close())
  return store
}

async function external(): Promise<{ readonly store: Store; readonly owner: pg.Client }> {
  const { url, drop } = await createDatabase('embedded')
  const store = await openStore({ databaseUrl: url, home: await temporary('home') })
  const owner = new pg.Client(url)
  await owner.connect()
  onTestFinished(async () => {
    await store.close()
    await owner.end()
    await drop()
  })
  return { store, owner }
}

const sessions = async (owner: pg.Client): Promise<number> => {
  const { rows } = await owner.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where usename like 'qicore\\_reader\\_%' and datname = current_database()`,
  )
  return rows[0]?.n ?? -1
}

describe('the reader of SQL from outside', () => {
  test('has one deadline for a query and all its steps, and leaves no session behind', async () => {
    const { store, owner } = await external()
    for (const sql of [ENDLESS, SLOW_ROWS]) {
      const began = performance.now()
      await expect(store.sql.read(sql, { ...limits, timeoutMs: 1000 })).rejects.toMatchObject({ code: 'TIMEOUT' })
      expect(performance.now() - began).toBeLessThan(4000)
    }
    await until(async () => (await sessions(owner)) === 0, 'the sessions to end')
  })

  test('ends the query of a caller that has left', async () => {
    const { store, owner } = await external()
    await store.sql.read('select 1', limits)
    const left = new AbortController()
    const asked = store.sql.read(ENDLESS, { ...limits, signal: left.signal })
    asked.catch(() => {})
    await until(async () => (await sessions(owner)) === 1, 'the query to begin')
    left.abort()
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
    await until(async () => (await sessions(owner)) === 0, 'the session to end')
  })

  test('gives each caller one slot of four; a caller without one is refused soon', async () => {
    const { store, owner } = await external()
    await store.sql.read('select 1', limits)
    const left = new AbortController()
    const long = (caller: string) => {
      const asked = store.sql.read(ENDLESS, { ...limits, timeoutMs: 60_000, signal: left.signal }, caller)
      asked.catch(() => {})
      return asked
    }
    long('one')
    await until(async () => (await sessions(owner)) === 1, 'the query to begin')
    const began = performance.now()
    await expect(store.sql.read('select 1', limits, 'one')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('another query of yours'),
    })
    expect(performance.now() - began).toBeLessThan(5000)
    expect((await store.sql.read('select 2', limits, 'two')).rows).toEqual([[2]])
    for (const caller of ['two', 'three', 'four']) long(caller)
    await until(async () => (await sessions(owner)) === 4, 'all places to be taken')
    await expect(store.sql.read('select 1', limits, 'five')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('4 queries of others'),
    })
    expect(await store.sql.check()).toMatchObject({ ok: true })
    const waiting = store.sql.read('select 5', limits, 'five')
    left.abort()
    expect((await waiting).rows).toEqual([[5]])
  })

  test('ends queries that overrun even if every pool is full, and goes on', async () => {
    const { store, owner } = await external()
    await store.sql.read('select 1', limits)
    const held = await Promise.all(Array.from({ length: 10 }, () => store.pool.connect()))
    try {
      await expect(store.sql.read(ENDLESS, { ...limits, timeoutMs: 500 })).rejects.toMatchObject({ code: 'TIMEOUT' })
      await until(async () => (await sessions(owner)) === 0, 'the session to end')
      expect((await store.sql.read('select 1', limits)).rows).toEqual([[1]])
    } finally {
      for (const client of held) client.release()
    }
  })

  test('closing ends running queries', async () => {
    const { url, drop } = await createDatabase('embedded')
    onTestFinished(drop)
    const store = await openStore({ databaseUrl: url, home: await temporary('home') })
    const asked = store.sql.read(ENDLESS, { ...limits, timeoutMs: 60_000 })
    const refused = expect(asked).rejects.toMatchObject({ code: 'CLOSED' })
    await setTimeout(300)
    const began = performance.now()
    await store.close()
    await refused
    expect(performance.now() - began).toBeLessThan(5000)
  })

  test('creates its role once, for many queries at once in many processes', async () => {
    const { url, drop } = await createDatabase('embedded')
    const home = await temporary('home')
    const stores = await Promise.all([1, 2, 3].map(() => openStore({ databaseUrl: url, home })))
    onTestFinished(async () => {
      for (const store of stores) await store.close()
      await drop()
    })
    const answers = await Promise.all(
      stores.flatMap((store) => ['a', 'b'].map((caller) => store.sql.read('select 1', limits, caller))),
    )
    expect(answers.map(({ rows }) => rows)).toEqual(Array.from({ length: 6 }, () => [[1]]))
  })

  test('does not wait for a lock on the row of its password', async () => {
    const { store, owner } = await external()
    await store.sql.read('select 1', limits)
    await owner.query(`begin; select from qicore_settings where name = 'qicore_reader_password' for update`)
    expect((await store.sql.read('select 1', limits)).rows).toEqual([[1]])
    const other = await openStore({ databaseUrl: store.url, home: await temporary('home') })
    onTestFinished(() => other.close())
    const began = performance.now()
    await expect(other.sql.read('select 1', limits)).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(performance.now() - began).toBeLessThan(5000)
    expect((await other.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await owner.query('rollback')
  })

  test('comes back after its role was dropped', async () => {
    const { store, owner } = await external()
    const { rows } = await store.sql.read('select current_user', limits)
    await owner.query(`drop owned by ${rows[0]?.[0]}; drop role ${rows[0]?.[0]}`)
    expect((await store.sql.read('select current_user', limits)).rows).toEqual(rows)
  })
})

describe('its limits', () => {
  test('are those of the role as well', async () => {
    const { store, owner } = await external()
    const { rows } = await store.sql.read('select current_user', limits)
    const { rows: found } = await owner.query<{ settings: string[] }>(
      'select setconfig as settings from pg_db_role_setting where setrole = $1::regrole',
      [rows[0]?.[0]],
    )
    expect(found[0]?.settings).toEqual(
      expect.arrayContaining([
        'default_transaction_read_only=on',
        'statement_timeout=10000',
        'transaction_timeout=10000',
        'client_connection_check_interval=1000',
        'temp_file_limit=256MB',
        'max_parallel_workers_per_gather=0',
      ]),
    )
  })

  test('if the owner may not limit temporary files, SQL is off and names the remedy, unless the limit is waived', async () => {
    const { url, name, drop } = await createDatabase('embedded')
    const admin = new pg.Client(url)
    await admin.connect()
    const plain = `plain_${name}`
    await admin.query(
      `create role ${plain} login createrole password 'secret'; alter database ${name} owner to ${plain}; alter schema public owner to ${plain}`,
    )
    const address = new URL(url)
    address.username = plain
    address.password = 'secret'
    const home = await temporary('home')
    const store = await openStore({ databaseUrl: address.href, home })
    onTestFinished(async () => {
      await store.close()
      await admin.end()
      await drop()
    })
    const refused = await store.sql.read('select 1', limits).catch((error: Error) => error)
    expect(refused).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('reader_limits') })
    expect(await store.sql.check()).toMatchObject({ ok: true })
    const [sql] = await store.sql.lacking()
    expect((refused as Error).message).toContain(sql)
    expect(await checkSql(store)).toMatchObject([{ verdict: 'unused', remedy: expect.stringContaining(sql as string) }])
    const waived = await openStore({ databaseUrl: address.href, home, readerLimits: 'waived' })
    onTestFinished(() => waived.close())
    expect((await waived.sql.read('select 1', limits)).rows).toEqual([[1]])
    // An owner that is no superuser can end sessions, too.
    await expect(waived.sql.read(ENDLESS, { ...limits, timeoutMs: 500 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await until(async () => (await sessions(admin)) === 0, 'the session to end')
    await admin.query(sql as string)
    expect((await store.sql.read('select 1', limits)).rows).toEqual([[1]])
    expect(await store.sql.lacking()).toEqual([])
  })

  test('memory and temporary files of a query are bounded in the embedded server', async () => {
    const store = await embedded()
    const big = "select cardinality(array_agg(repeat('x', 10000000) || i)) from generate_series(1, 1000) i"
    const files = 'select count(*) from generate_series(1, 1000000000)'
    await expect(store.sql.read(files, { ...limits, timeoutMs: 60_000 })).rejects.toMatchObject({
      message: expect.stringContaining('temporary files'),
    })
    if (process.platform !== 'linux') return
    await expect(store.sql.read(big, { ...limits, timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('more memory'),
    })
    expect((await store.sql.read('select 1', limits)).rows).toEqual([[1]])
  })
})
