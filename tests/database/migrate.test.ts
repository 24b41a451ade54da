import { describe, expect, it, onTestFinished } from 'vitest'
import { capabilitiesOf } from '../../lib/src/base/database/connections/capabilities.ts'
import {
  Coverage,
  createPool,
  layoutMismatch,
  migrate,
  migrateStore,
  openStore,
  type Pool,
  pendingMigrations,
  storedLayout,
} from '../../lib/src/base/database/index.ts'
import { createDatabase } from '../support/database.ts'

const one = { version: 1, name: 'first', sql: 'create table thing (id int)' }
const PLAIN = { layout: 'plain', reason: 'a test says so' } as const
const two = { version: 2, name: 'second', sql: 'alter table thing add column label text' }

async function freshPool(): Promise<Pool> {
  const database = await createDatabase()
  const pool = createPool(database.url, { max: 4 })
  onTestFinished(async () => {
    await pool.end()
    await database.drop()
  })
  return pool
}

describe('migrate', () => {
  it('applies missing files once, in order', async () => {
    const pool = await freshPool()
    expect(await migrate(pool, { component: 'test', files: [one] })).toEqual([one])
    expect(await migrate(pool, { component: 'test', files: [one, two] })).toEqual([two])
    expect(await migrate(pool, { component: 'test', files: [one, two] })).toEqual([])
  })

  it('keeps components apart', async () => {
    const pool = await freshPool()
    await migrate(pool, { component: 'a', files: [one] })
    expect(await migrate(pool, { component: 'b', files: [{ ...one, sql: 'create table other (id int)' }] })).toHaveLength(1)
  })

  it('is safe from several processes at once', async () => {
    const pool = await freshPool()
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(pool, { component: 'test', files: [one, two] })))
    expect(applied.flat()).toEqual([one, two])
  })

  it('refuses a file that was changed after it had been applied', async () => {
    const pool = await freshPool()
    await migrate(pool, { component: 'test', files: [one] })
    const changed = migrate(pool, { component: 'test', files: [{ ...one, sql: `${one.sql} ` }] })
    await expect(changed).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('was changed after') })
  })

  it('accepts the line ends of another system', async () => {
    const pool = await freshPool()
    await migrate(pool, { component: 'test', files: [{ ...one, sql: 'create table thing (\nid int)' }] })
    expect(await migrate(pool, { component: 'test', files: [{ ...one, sql: 'create table thing (\r\nid int)' }] })).toEqual([])
  })

  it('refuses a database that is newer than the program', async () => {
    const pool = await freshPool()
    await migrate(pool, { component: 'test', files: [one, two] })
    await expect(migrate(pool, { component: 'test', files: [one] })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('newer'),
    })
  })

  it('leaves nothing of a migration that fails', async () => {
    const pool = await freshPool()
    const broken = { version: 2, name: 'broken', sql: 'create table half (id int); select nonsense' }
    await expect(migrate(pool, { component: 'test', files: [one, broken] })).rejects.toMatchObject({
      message: expect.stringContaining('broken'),
    })
    const { rows } = await pool.query("select to_regclass('thing') as thing, to_regclass('half') as half")
    expect(rows).toEqual([{ thing: null, half: null }])
  })
})

describe('pending migrations', () => {
  const counts = async (pool: Pool) =>
    (await pendingMigrations(pool)).map(({ component, applied, pending }) => [component, applied > 0, pending.length > 0])

  it('are all in an empty database, which stays empty', async () => {
    const pool = await freshPool()
    const all = [
      ['store', false, true],
      ['rollups', false, true],
      ['series', false, true],
      ['coverage', false, true],
    ]
    expect(await counts(pool)).toEqual(all)
    const { rows } = await pool.query("select relname from pg_class where relnamespace = 'public'::regnamespace")
    expect(rows).toEqual([])
  })

  it('are those of coverage until that is opened, then none; later files are listed by name', async () => {
    const pool = await freshPool()
    await migrateStore(pool, PLAIN)
    expect(await counts(pool)).toEqual([
      ['store', true, false],
      ['rollups', true, false],
      ['series', true, false],
      ['coverage', false, true],
    ])
    await Coverage.open(pool)
    expect((await pendingMigrations(pool)).flatMap(({ pending }) => pending)).toEqual([])
    await pool.query("delete from qicore_migrations where component = 'store' and version = 5")
    const [store] = await pendingMigrations(pool)
    expect(store).toMatchObject({ component: 'store', applied: 4, pending: [{ version: 5, name: 'securities' }] })
  })

  it('are refused if the database is newer, in a read-only transaction', async () => {
    const pool = await freshPool()
    await migrateStore(pool, PLAIN)
    const client = await pool.connect()
    onTestFinished(() => client.release(true))
    await client.query('set default_transaction_read_only = on')
    expect(await pendingMigrations(client)).toHaveLength(4)
    await pool.query("insert into qicore_migrations values ('store', 99, 'later', 'x')")
    await expect(pendingMigrations(client)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('newer than this program: store is at migration 99 (later)'),
    })
  })
})

describe('the layout', () => {
  it('is chosen once, and later compared with the database’s features', async () => {
    const pool = await freshPool()
    const plain = capabilitiesOf(180_004, undefined)
    expect(await migrateStore(pool, PLAIN)).toBe(true)
    expect(await migrateStore(pool, { layout: 'hypertables', reason: 'another process thought so' })).toBe(false)
    expect(await storedLayout(pool)).toBe('plain')
    expect(await layoutMismatch(pool, plain)).toBeUndefined()
    expect(await layoutMismatch(pool, capabilitiesOf(150_000, '2.22.1'))).toContain('plain, although')
  })
})

describe('openStore', () => {
  const home = '/nowhere'
  it('says that the password is wrong, and that a database is missing', async () => {
    const database = await createDatabase()
    onTestFinished(database.drop)
    const wrong = new URL(database.url)
    wrong.password = 'wrong'
    await expect(openStore({ databaseUrl: wrong.href, home })).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    const missing = new URL(database.url)
    missing.pathname = '/nothing'
    await expect(openStore({ databaseUrl: missing.href, home })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('gives up on a missing server after openTimeoutMs', async () => {
    const gone = openStore({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', home, openTimeoutMs: 300 })
    await expect(gone).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })
})
