import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unopened } from '../../../app/cli/doctor/unopened.ts'
import { openStore } from '../../../lib/src/base/database/index.ts'
import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { folderOf } from '../../networking/folder.ts'
import { type Cluster, startCluster } from '../../support/run/cluster.ts'

let folder: string
let cluster: Cluster

async function administer(...statements: readonly string[]): Promise<void> {
  const admin = new pg.Client(cluster.url)
  await admin.connect()
  try {
    for (const sql of statements) await admin.query(sql)
  } finally {
    await admin.end()
  }
}

/** The finding of doctor about a store that cannot be opened. */
async function told(change: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'hostname' | 'port'>>) {
  const address = Object.assign(new URL(cluster.url), { username: 'plain', password: 'right', ...change })
  const failure = await openStore({ databaseUrl: address.href, home: '/nowhere', openTimeoutMs: 50 }).then(
    async (store) => {
      await store.close()
      throw new Error('it was opened')
    },
    (error: unknown) => error,
  )
  const { summary, remedy } = unopened({ database: { url: address.href } } as PlatformConfig, failure)
  return { summary, remedy }
}

beforeAll(async () => {
  folder = await folderOf('remedies')
  cluster = await startCluster(join(folder, 'cluster'), undefined, {
    access: [
      'hostssl all secure all scram-sha-256',
      'host all secure all reject',
      ...['postgres', 'plain', 'sleeping', 'crowded'].map((role) => `host all ${role} all scram-sha-256`),
    ],
  })
  await administer(
    ...['secure', 'plain', 'crowded'].map((role) => `create role ${role} login password 'right'`),
    "create role sleeping nologin password 'right'",
    'alter role crowded connection limit 0',
    'create database broken',
    "alter database broken set session_preload_libraries = '$libdir/timescaledb-2.28.3'",
    'create database closed',
    'revoke connect on database closed from public',
  )
})

afterAll(async () => {
  await cluster?.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('doctor gives one remedy, which fits the failure', () => {
  const cases: readonly [string, Parameters<typeof told>[0], { summary: RegExp; remedy?: RegExp }][] = [
    ['no encryption', { username: 'secure' }, { summary: /no encryption.*; set DATABASE_TLS=true/ }],
    ['a host that is not let in', { username: 'stranger' }, { summary: /pg_hba\.conf.*; .*line of its pg_hba\.conf/ }],
    [
      'a wrong password',
      { password: 'wrong' },
      { summary: /password authentication failed/, remedy: /^check user and password/ },
    ],
    ['a role that may not log in', { username: 'sleeping' }, { summary: /not permitted to log in.*; alter role … login/ }],
    ['a role with too many connections', { username: 'crowded' }, { summary: /too many connections.*; close other clients/ }],
    ['a database that is missing', { pathname: '/nothing' }, { summary: /does not exist/, remedy: /^create that database/ }],
    ['a database that is closed', { pathname: '/closed' }, { summary: /permission denied for database.*; grant connect/ }],
    [
      'a library of the extension that is gone',
      { pathname: '/broken' },
      { summary: /libdir\/timescaledb-2\.28\.3.*; .*alter extension timescaledb update, or put back the old image/ },
    ],
    [
      'a schema without rights',
      {},
      { summary: /permission denied for schema/, remedy: /^let the role create tables: grant create/ },
    ],
    ['a server that does not run', { port: '9' }, { summary: /ECONNREFUSED/, remedy: /^start that server/ }],
    ['a host that nobody knows', { hostname: 'nowhere.invalid' }, { summary: /nowhere\.invalid/, remedy: /^correct the host/ }],
  ]
  it.for(cases)('%s', async ([, change, { summary, remedy }]) => {
    const found = await told(change)
    expect(found.summary).toMatch(summary)
    if (remedy) expect(found.remedy).toMatch(remedy)
    else expect(found.remedy).toBeUndefined()
  })
})
