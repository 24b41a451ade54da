import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningServer, serve } from '../../app/server/index.ts'
import { freePort } from '../../bench/freePort.ts'
import { openStore } from '../../lib/src/base/database/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { makeProject, type Project } from '../app/cli/project.ts'
import { failure, qicore } from '../app/cli/qicore.ts'
import { aPrice } from '../database/records.ts'
import { type Linked, linked } from '../mcp-tools/linkedTools.ts'
import { folderOf } from '../networking/folder.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { type Cluster, startCluster } from '../support/run/cluster.ts'
import { type Replica, startReplica } from '../support/run/replica.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

let folder: string
let primary: Cluster
let replica: Replica

const ask = async (url: string, sql: string): Promise<unknown> => {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' }).finally(() => client.end())
  return rows[0]?.[0]
}
const at = (url: string, change: Partial<Pick<URL, 'pathname' | 'port'>>): string => Object.assign(new URL(url), change).href

beforeAll(async () => {
  folder = await folderOf('read-replica')
  primary = await startCluster(join(folder, 'primary'))
  replica = await startReplica(primary, join(folder, 'replica'))
})

afterAll(async () => {
  await replica?.stop()
  await primary?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The replica has all that was written until now. */
async function replayed(): Promise<void> {
  const lsn = await ask(primary.url, 'select pg_current_wal_lsn()')
  await until(() => ask(replica.url, `select pg_last_wal_replay_lsn() >= '${lsn}'`), 'the replica to have replayed it')
}

describe('a platform whose users read from a replica', () => {
  let platform: CryptoDataPlatform
  let http: RunningServer
  let tools: Linked
  let project: Project
  const env = () => ({ DATABASE_URL: primary.url, DATABASE_READ_URL: replica.url, QICORE_SOURCES: 'none' })

  beforeAll(async () => {
    project = await makeProject('read-replica')
    const { config } = loadConfig({ cwd: project.cwd, env: env() })
    platform = new CryptoDataPlatform({ config })
    await platform.start()
    http = await serve({ platform, config: { server: { ...config.server, port: 0 } }, logger: silentLogger })
    tools = await linked(async () => platform.toolHandles)
    await platform.store.dsl.storePrices([aPrice()])
    await replayed()
  })

  afterAll(async () => {
    await tools?.[Symbol.asyncDispose]()
    await http?.close()
    await platform?.stop()
    await project?.[Symbol.asyncDispose]()
  })

  const get = async (path: string) => {
    const response = await fetch(`${http.url}${path}`)
    return { status: response.status, text: await response.text() }
  }
  const coinsOf = (text: string) => [...new Set([...text.matchAll(/"coin_id":"([^"]+)"/g)].map(([, coin]) => coin))].sort()
  const partOf = async (name: string) => (await platform.health()).parts.find((part) => part.name === name)

  test('HTTP, MCP, SQL of tools and the command line read from the replica; the platform itself reads from the primary', async () => {
    await tools.call('timeseries_query', { sql: 'select 1' }) // makes the role, which has to come to the replica too
    await ask(replica.url, 'select pg_wal_replay_pause()')
    await expect.poll(() => ask(replica.url, 'select pg_get_wal_replay_pause_state()')).toBe('paused')
    try {
      await platform.store.dsl.storePrices([aPrice({ coinId: 'ethereum' })])
      const sql = { sql: 'select distinct coin_id from crypto_prices order by 1' }
      const { text } = await get('/api/v1/prices/latest')
      const told = [
        text,
        JSON.stringify(await tools.call('get_latest_prices')),
        JSON.stringify(await tools.call('timeseries_query', sql)),
      ]
      told.push((await qicore(['query', 'latest', '--json'], { cwd: project.cwd, env: env() })).stdout)
      for (const answer of told) expect([answer.includes('bitcoin'), answer.includes('ethereum')]).toEqual([true, false])
      expect((await platform.store.dsl.getLatestPrices()).items.map(({ coinId }) => coinId)).toContain('ethereum')
    } finally {
      await ask(replica.url, 'select pg_wal_replay_resume()')
    }
    await replayed()
    for (const path of ['prices/latest', 'data-health'])
      expect(coinsOf((await get(`/api/v1/${path}`)).text)).toContain('ethereum')
  })

  test('coverage is refreshed on the primary and read from the replica', async () => {
    await platform.coverage.refresh()
    await replayed()
    const { status, text } = await get('/api/v1/coverage?coins=bitcoin')
    expect([status, coinsOf(text)]).toEqual([200, ['bitcoin']])
  })

  test('health, a metric and doctor show its lag', async () => {
    expect(await partOf('read replica')).toMatchObject({
      status: 'up',
      summary: expect.stringMatching(/by a replica with a lag of \d+\.\d s/),
    })
    const lag = /^qicore_read_replica_lag_seconds (\S+)$/m.exec((await get('/metrics')).text)
    expect(Number(lag?.[1])).toBeGreaterThanOrEqual(0)
    expect(Number(lag?.[1])).toBeLessThan(60)
    const { stdout } = await qicore(['doctor', '--json'], { cwd: project.cwd, env: env() })
    const { checks } = JSON.parse(stdout) as { checks: { name: string; verdict: string; summary: string }[] }
    expect(checks.find(({ name }) => name === 'read replica')).toMatchObject({
      verdict: 'ok',
      summary: expect.stringContaining('replica'),
    })
  })

  test('without it reads fail with a clear error, without falling back to the primary; all else goes on, and reads recover', async () => {
    await replica.stop()
    try {
      const { status, text } = await get('/api/v1/prices/latest')
      expect([status, JSON.parse(text)]).toEqual([503, expect.objectContaining({ code: 'UNAVAILABLE' })])
      const summary = expect.stringContaining('connecting to the read replica (DATABASE_READ_URL)')
      expect(await partOf('read replica')).toMatchObject({ status: 'down', code: 'UNAVAILABLE', summary })
      expect(await partOf('store')).toMatchObject({ status: 'up' })
      expect((await platform.health()).status).toBe('degraded')
      expect((await get('/metrics')).text).not.toMatch(/^qicore_read_replica_lag_seconds \d/m)
      await platform.store.dsl.storePrices([aPrice({ coinId: 'solana' })])
      const query = await qicore(['query', 'latest', '--json'], { cwd: project.cwd, env: env() })
      expect([query.code, failure(query).code]).toEqual([3, 'UNAVAILABLE'])
      // Agents act on what they read: at the primary.
      const agent = await qicore(['agent', 'run', 'crypto-market', '--json'], { cwd: project.cwd, env: env() })
      expect([agent.code, agent.stdout]).toEqual([0, expect.stringContaining('solana')])
      await using store = await openStore({ databaseUrl: primary.url, readUrl: replica.url, home: '/nowhere' })
      await expect(store.reads.dsl.getLatestPrices()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    } finally {
      replica = await replica.again()
    }
    await replayed()
    expect(coinsOf((await get('/api/v1/prices/latest')).text)).toContain('solana')
    expect(await partOf('read replica')).toMatchObject({ status: 'up' })
  })
})

describe('a read URL of another database is refused when the store is opened', () => {
  const open = (readUrl: string) => openStore({ databaseUrl: at(primary.url, { pathname: '/one' }), readUrl, home: '/nowhere' })
  const refusal = (message: string) => ({ code: 'CONFIG_INVALID', field: 'database.read_url', message })

  beforeAll(async () => {
    for (const name of ['one', 'two']) await ask(primary.url, `create database ${name}`)
    for (const pathname of ['/one', '/two']) {
      await (await openStore({ databaseUrl: at(primary.url, { pathname }), home: '/nowhere' })).close()
    }
  })

  const ANOTHER =
    'DATABASE_READ_URL names another database than DATABASE_URL: name a replica of that server, and the same database on it'

  test('to another database of the same server', async () => {
    await expect(open(at(primary.url, { pathname: '/two' }))).rejects.toMatchObject(refusal(ANOTHER))
  })

  test('to another server', async () => {
    const other = await startCluster(join(folder, 'other'))
    try {
      await expect(open(other.url)).rejects.toMatchObject(refusal(ANOTHER))
    } finally {
      await other.stop()
    }
  })

  test('to a server that is not up yet: the store opens, and reads work once the server answers', async () => {
    const notices: string[] = []
    const readUrl = at(primary.url, { port: String(await freePort()), pathname: '/one' })
    await using store = await openStore({
      databaseUrl: at(primary.url, { pathname: '/one' }),
      readUrl,
      home: '/nowhere',
      onNotice: (line) => notices.push(line),
    })
    expect(notices).toEqual([expect.stringMatching(/^reads fail until the read replica answers: .*ECONNREFUSED/)])
    expect(await store.reads.check()).toMatchObject({ ok: false, summary: expect.stringContaining('ECONNREFUSED') })
    expect(await store.check()).toMatchObject({ ok: true })
  })

  describeWith('pgbouncer', 'through a pooler', () => {
    test('that loses session state', async () => {
      const pooler = await startPgBouncer(await temporary('pooler'), at(primary.url, { pathname: '/one' }), 'transaction')
      try {
        await expect(open(pooler.url)).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
          message: expect.stringMatching(/^DATABASE_READ_URL goes through a pooler in transaction mode/),
        })
      } finally {
        await pooler.stop()
      }
    })
  })

  test('a read URL without its primary is refused', async () => {
    const { cwd } = await makeProject('no-primary')
    expect(() => loadConfig({ cwd, env: { DATABASE_READ_URL: primary.url } })).toThrow(/database\.read_url.*set database\.url/)
  })
})
