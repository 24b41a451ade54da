import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { ask } from './run/ask.ts'

export interface TestDatabase {
  readonly name: string
  /** As superuser. */
  readonly url: string
  drop(): Promise<void>
}

/** `embedded` is there always; tests of the others belong in `describeWith('postgres' | 'timescaledb', …)`. */
export type TestServer = 'embedded' | 'postgres' | 'timescaledb'

/** A fresh database of the run's server. Call it at the top of a file or of a `describe`; it is dropped after that. */
export async function testDatabase(server: TestServer = 'embedded'): Promise<TestDatabase> {
  const database = await createDatabase(server)
  afterAll(database.drop)
  return database
}

/** The same for use within a test or a hook; dropping it is the caller's part (`onTestFinished(database.drop)`). */
export async function createDatabase(server: TestServer = 'embedded'): Promise<TestDatabase> {
  const admin = server === 'timescaledb' ? timescaleUrl() : await ask(inject('control'), server)
  const name = `test_${randomBytes(6).toString('hex')}`
  await execute(admin, `create database ${name}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return { name, url: url.href, drop: () => execute(admin, `drop database if exists ${name} with (force)`) }
}

function timescaleUrl(): string {
  const url = process.env.QICORE_TEST_TIMESCALE_URL
  if (!url) throw new Error('QICORE_TEST_TIMESCALE_URL is not set')
  return url
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(sql).finally(() => client.end())
}
