import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unopened } from '../../app/cli/doctor/unopened.ts'
import { openStore } from '../../lib/src/base/database/index.ts'
import type { PlatformConfig } from '../../lib/src/streaming/platform/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { failure, qicore } from '../app/cli/qicore.ts'
import { folderOf } from '../networking/folder.ts'
import { type Cluster, startCluster } from '../support/run/cluster.ts'
import { startReplica } from '../support/run/replica.ts'
import { until } from '../support/until.ts'
import { aPrice } from './records.ts'

let folder: string
let primary: Cluster
let replica: Cluster

beforeAll(async () => {
  folder = await folderOf('replica')
  primary = await startCluster(join(folder, 'primary'))
  replica = await startReplica(primary, join(folder, 'replica'))
})

afterAll(async () => {
  await replica?.stop()
  await primary?.stop()
  await rm(folder, { recursive: true, force: true })
})

const ADVICE = 'DATABASE_URL names a replica (read only): name the primary; reads may go to a replica by DATABASE_READ_URL'

describe('a replica as DATABASE_URL', () => {
  it('is refused when the store is opened, and doctor adds no remedy of its own', async () => {
    const failure = await openStore({ databaseUrl: replica.url, home: '/nowhere' }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', field: 'database.url', message: ADVICE })
    expect(unopened({ database: { url: replica.url } } as PlatformConfig, failure).remedy).toBeUndefined()
  })

  it('is reported by the platform, and serves queries all the same', async () => {
    await using store = await openStore({ databaseUrl: primary.url, home: '/nowhere' })
    await store.dsl.storePrices([aPrice()])
    await using project = await makeProject('replica')
    const options = { cwd: project.cwd, env: { DATABASE_URL: replica.url, QICORE_SOURCES: 'none' } }
    const up = await qicore(['up', '--port', '0', '--json'], options)
    expect([up.code, failure(up).message]).toEqual([2, ADVICE])
    await until(async () => {
      const { stdout } = await qicore(['query', 'latest', '--json'], options)
      return stdout.includes('bitcoin')
    }, 'the replica to answer with what the primary stored')
    await using reads = await openStore({ mode: 'read', databaseUrl: replica.url, home: '/nowhere' })
    expect(await reads.replica()).toMatchObject({ replica: true, lagMs: expect.any(Number) })
    expect(await reads.check()).toMatchObject({ ok: true, summary: expect.stringContaining('by a replica') })
  })

  it('is distinguished from a database that is set read only', async () => {
    const admin = new pg.Client(primary.url)
    await admin.connect()
    await admin.query('create database frozen')
    await admin.query('alter database frozen set default_transaction_read_only = on')
    await admin.end()
    const url = Object.assign(new URL(primary.url), { pathname: '/frozen' })
    await expect(openStore({ databaseUrl: url.href, home: '/nowhere' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^the database of DATABASE_URL is set read only: alter database frozen set/),
    })
  })

  it('that takes over the store’s address later is reported by its health', async () => {
    await using store = await openStore({ databaseUrl: primary.url, home: '/nowhere' })
    expect(await store.check()).toMatchObject({ ok: true })
    // Simulates a switch-over, which ends all connections.
    const admin = new pg.Client(primary.url)
    await admin.connect()
    await admin.query('alter system set default_transaction_read_only = on')
    await admin.query('select pg_reload_conf()')
    try {
      await expect.poll(() => store.check()).toMatchObject({ ok: false, summary: expect.stringContaining('is set read only') })
    } finally {
      await admin.query('begin read write')
      await admin.query('rollback')
      await admin.query('set default_transaction_read_only = off')
      await admin.query('alter system reset default_transaction_read_only')
      await admin.query('select pg_reload_conf()')
      await admin.end()
    }
  })
})
