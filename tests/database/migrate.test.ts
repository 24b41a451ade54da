import { describe, expect, it, onTestFinished } from 'vitest'
import { capabilitiesOf } from '../../lib/src/base/database/capabilities.ts'
import {
  createPool,
  layoutMismatch,
  migrate,
  migrateStore,
  openStore,
  type Pool,
  storedLayout,
} from '../../lib/src/base/index.ts'
import { createDatabase } from '../support/database.ts'

const one = { version: 1, name: 'first', sql: 'create table thing (id int)' }
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
  it('applies what is missing, in order, once', async () => {
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

  it('does not mind the line ends of another system', async () => {
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

describe('the layout', () => {
  it('is chosen once and compared with what the database can do later', async () => {
    const pool = await freshPool()
    const plain = capabilitiesOf(180_004, undefined)
    await migrateStore(pool, plain)
    await migrateStore(pool, plain)
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

  it('gives up on a server that is not there after the time allowed', async () => {
    const gone = openStore({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', home, openTimeoutMs: 300 })
    await expect(gone).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })
})
