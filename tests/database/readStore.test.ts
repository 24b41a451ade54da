import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Coverage, openStore } from '../../lib/src/base/database/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { document, qicore } from '../app/cli/qicore.ts'
import { createDatabase, suiteServer, testDatabase } from '../support/database.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'

const database = await testDatabase()
const role = `analyst_${database.name}`

async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (const sql of statements) await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The address of a database for a role with exactly these rights. */
async function addressOf(url: string, name: string, ...rights: readonly string[]): Promise<string> {
  await run(url, `create role ${name} login password 'reads'`, ...rights.map((right) => `${right} to ${name}`))
  return Object.assign(new URL(url), { username: name, password: 'reads' }).href
}

const read = (databaseUrl: string, readerLimits: 'required' | 'waived' = 'waived') =>
  openStore({ mode: 'read', databaseUrl, home: '/nowhere', openTimeoutMs: 1_000, readerLimits })
let url: string

afterAll(() => run(database.url, `revoke select on all tables in schema public from ${role}`, `drop role ${role}`))

beforeAll(async () => {
  await using store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  await store.dsl.storePrices([0, 1, 2, 5].map((at) => aPrice({ time: MONDAY + at * MINUTE })))
  await store.dsl.storeOHLCV([0, 1, 4].map((at) => aBar({ time: MONDAY + at * MINUTE })))
  await (await Coverage.open(store.pool)).refresh()
  url = await addressOf(database.url, role, 'grant select on all tables in schema public')
})

describe('a store opened for reading, by a role with select alone', () => {
  it('gives the answers of the full store', async () => {
    await using reads = await read(url)
    await using store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
    expect(reads.capabilities).toEqual(store.capabilities)
    expect((await reads.dsl.getLatestPrices()).items).toEqual((await store.dsl.getLatestPrices()).items)
    const bars = { coin: 'bitcoin', timeframe: '1m', from: MONDAY, to: MONDAY + 10 * MINUTE } as const
    expect((await reads.dsl.getOHLCV(bars)).candles).toEqual((await store.dsl.getOHLCV(bars)).candles)
    const found = await reads.dsl.getDataHealth({ from: MONDAY, to: MONDAY + 10 * MINUTE })
    expect(found).toEqual(await store.dsl.getDataHealth({ from: MONDAY, to: MONDAY + 10 * MINUTE }))
    expect(found.items.length).toBeGreaterThan(0)
    const gaps = await (await reads.coverage()).list({}, MONDAY + 60 * MINUTE)
    expect(gaps).toEqual(await (await store.coverage()).list({}, MONDAY + 60 * MINUTE))
    expect(gaps.flatMap((series) => series.gaps).length).toBeGreaterThan(0)
    expect(await reads.check()).toMatchObject({ ok: true })
  })

  it('has no verb that writes, and refuses a writing statement for any role', async () => {
    await using reads = await read(database.url)
    expect('storePrices' in reads.dsl).toBe(false)
    expect('timescale' in reads || 'drizzle' in reads || 'createPool' in reads).toBe(false)
    await expect(reads.pool.query("delete from qicore_settings where name = 'layout'")).rejects.toMatchObject({ code: '25006' })
  })

  it('lets the command line answer queries', async () => {
    await using project = await makeProject('reads')
    const options = { cwd: project.cwd, env: { DATABASE_URL: url } }
    const ask = async (...args: string[]) =>
      document<{ items?: unknown[]; candles?: unknown[] }>(await qicore([...args, '--json'], options))
    expect((await ask('query', 'latest')).items).toHaveLength(1)
    expect((await ask('query', 'candles', 'bitcoin', '--timeframe', '1m', '--from', '2026-01-05')).candles).toHaveLength(5)
    expect((await ask('query', 'health')).items).not.toHaveLength(0)
    expect((await ask('gaps')).items).not.toHaveLength(0)
    await ask('query', 'summary')
    expect(await ask('store')).toMatchObject({
      tables: expect.arrayContaining([expect.objectContaining({ table: 'crypto_prices' })]),
    })
    for (const command of [['limits'], ['audit'], ['token', 'list']]) expect(await ask(...command)).toEqual([])
  })

  it('runs SQL of users in the role created by the platform, if its password may be read', async () => {
    const limits = { limit: 10, offset: 0, room: 1_000, width: 100, timeoutMs: 5_000 }
    await using reads = await read(url)
    await expect(reads.sql.read('select coin_id from crypto_prices', limits)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await using store = await openStore({ databaseUrl: database.url, home: '/nowhere', readerLimits: 'waived' })
    await store.sql.read('select 1', limits)
    expect((await reads.sql.read('select distinct coin_id from crypto_prices', limits)).rows).toEqual([['bitcoin']])
  })
})

describe('a database that is not ready for reading', () => {
  async function fresh(): Promise<string> {
    const { url: address, drop } = await createDatabase()
    onTestFinished(drop)
    return address
  }

  it('is reported as not set up, and stays unchanged', async () => {
    const empty = await fresh()
    await expect(read(empty)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      message: expect.stringMatching(
        /^the store is not set up \(DATABASE_URL lacks store tables, .*\): start the platform on DATABASE_URL once$/,
      ),
    })
    const client = new pg.Client(empty)
    await client.connect()
    const { rows } = await client.query("select relname from pg_class where relnamespace = 'public'::regnamespace")
    await client.end()
    expect(rows).toEqual([])
  })

  it('is refused if it lacks a migration, or is newer than this program', async () => {
    const older = await fresh()
    await (await openStore({ databaseUrl: older, home: '/nowhere' })).close()
    await run(older, "delete from qicore_migrations where component = 'store' and version = 5")
    await expect(read(older)).rejects.toMatchObject({ message: expect.stringContaining('DATABASE_URL lacks store securities') })
    await run(
      older,
      "insert into qicore_migrations (component, version, name, checksum) values ('store', 5, 'x', 'y'), ('store', 99, 'later', 'x')",
    )
    await expect(read(older)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('is refused if the role may not read it', async () => {
    const name = `stranger_${database.name}`
    const stranger = await addressOf(database.url, name)
    onTestFinished(() => run(database.url, `drop role ${name}`))
    await expect(read(stranger)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'the role of DATABASE_URL may not read the store: grant select on all tables in schema public to that role',
    })
  })

  it.runIf(suiteServer === 'embedded')('is started if it is an existing embedded one', async () => {
    await using project = await makeProject('embedded-reads')
    {
      await using store = await openStore({ home: project.home })
      await store.dsl.storePrices([aPrice()])
    }
    await using reads = await openStore({ mode: 'read', home: project.home })
    expect(reads.engine).toBe('embedded')
    expect((await reads.dsl.getLatestPrices()).items).toHaveLength(1)
    expect(await reads.check()).toMatchObject({ ok: true })
  })

  it('is not created if none is configured', async () => {
    await using project = await makeProject('unmade')
    await expect(openStore({ mode: 'read', home: project.home })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('holds no database'),
    })
  })
})
