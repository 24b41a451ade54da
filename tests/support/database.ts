import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { ask } from './run/ask.ts'
import { timescaleUrl } from './run/stores.ts'
import { until } from './until.ts'

export interface TestDatabase {
  readonly name: string
  /** As superuser; on `tls` and `timescaledb` as its owner, who may create roles and is nothing else. */
  readonly url: string
  /** As superuser everywhere. */
  readonly admin: string
  drop(): Promise<void>
}

/**
 * `embedded` is there always; tests of the others belong in `describeWith('postgres' | 'timescaledb' | 'openssl', …)`. On `tls` a database
 * belongs to an ordinary role, and every connection is encrypted.
 */
export type TestServer = 'embedded' | 'postgres' | 'timescaledb' | 'tls'

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * The one that the suites run on: all on the embedded one, those of a database on TimescaleDB too, where that is, and the main ones
     * over TLS as an ordinary role.
     */
    readonly server: 'embedded' | 'timescaledb' | 'tls'
  }
}

export const suiteServer: 'embedded' | 'timescaledb' | 'tls' = inject('server')
export const onTimescale: boolean = suiteServer === 'timescaledb'

/** A fresh database of the suite's server. Call it at the top of a file or of a `describe`; it is dropped after that. */
export async function testDatabase(server: TestServer = suiteServer): Promise<TestDatabase> {
  const database = await createDatabase(server)
  afterAll(database.drop)
  return database
}

/** The same for use within a test or a hook; dropping it is the caller's part (`onTestFinished(database.drop)`). */
export async function createDatabase(server: TestServer = suiteServer): Promise<TestDatabase> {
  const admin = server === 'timescaledb' ? requiredTimescale() : await ask(inject('control'), server)
  const name = `test_${randomBytes(6).toString('hex')}`
  const superuser = new URL(admin)
  superuser.pathname = `/${name}`
  const database = { name, admin: superuser.href }
  if (server !== 'tls' && server !== 'timescaledb') {
    await execute(admin, `create database ${name}`)
    return { ...database, url: superuser.href, drop: () => execute(admin, `drop database if exists ${name} with (force)`) }
  }
  const owner = Object.assign(new URL(superuser), { username: `owner_of_${name}`, password: randomBytes(12).toString('hex') })
  await execute(admin, `create role ${owner.username} login createrole password '${owner.password}'`)
  await execute(admin, `create database ${name} owner ${owner.username}`)
  return { ...database, url: owner.href, drop: () => dropOwned(admin, name, owner.username) }
}

/** The roles that a store made for its readers have their database's number in their names. */
async function dropOwned(admin: string, name: string, owner: string): Promise<void> {
  const client = new pg.Client(admin)
  await client.connect()
  const { rows } = await client
    .query<{ role: string }>(
      `select rolname as role from pg_roles where rolname in (
        select prefix || oid from pg_database, unnest(array['qicore_reader_', 'qicore_mcp_', 'qicore_sql_']) as prefix where datname = $1)`,
      [name],
    )
    .finally(() => client.end())
  await execute(admin, `drop database if exists ${name} with (force)`)
  await execute(admin, `drop role if exists ${[...rows.map(({ role }) => role), owner].join(', ')}`)
}

export interface PlatformDatabase {
  /** The environment of a platform. */
  readonly env: Readonly<Record<string, string>>
  drop(): Promise<void>
}

/** For a platform of the test's own: nothing where the embedded server is meant, since it starts that itself. */
export async function platformDatabase(): Promise<PlatformDatabase> {
  if (suiteServer === 'embedded') return { env: {}, drop: async () => {} }
  const { url, drop } = await createDatabase()
  return { env: { DATABASE_URL: url }, drop }
}

function requiredTimescale(): string {
  const url = timescaleUrl()
  if (!url) throw new Error('TIMESCALE_URL is not set')
  return url
}

/** Waits for sessions that a busy server has not ended yet, and for a template that another is copying. */
async function execute(url: string, sql: string): Promise<void> {
  const { failure } = await until(async () => {
    const client = new pg.Client(url)
    await client.connect()
    const failure = await client.query(sql).then(
      () => undefined,
      (error: pg.DatabaseError) => error,
    )
    await client.end()
    return failure?.code !== OBJECT_IN_USE && { failure }
  }, sql)
  if (failure) throw failure
}

const OBJECT_IN_USE = '55006'
