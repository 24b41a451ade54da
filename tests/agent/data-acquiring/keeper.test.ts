import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool } from '../../../lib/src/base/database/index.ts'
import { QiError, silentLogger } from '../../../lib/src/base/types/index.ts'
import { CoinGeckoAgent } from '../../../lib/src/publishers/agents/data-acquiring/CoinGeckoAgent.ts'
import { config } from '../../../lib/src/publishers/agents/data-acquiring/config.ts'
import { jobsOf } from '../../../lib/src/publishers/agents/data-acquiring/jobs.ts'
import { Keeper, type KeeperParts } from '../../../lib/src/publishers/agents/data-acquiring/Keeper.ts'
import { WatchTable } from '../../../lib/src/publishers/agents/data-acquiring/table/WatchTable.ts'
import { CoinGeckoClient, CoinGeckoDSL } from '../../../lib/src/publishers/sources/coingecko/index.ts'
import type { Reply } from '../../support/coingeckoServer.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { startOhlcServer } from './ohlcServer.ts'

const { url } = await testDatabase()
const pool = createPool(url)
const table = await WatchTable.open(pool, pool)
afterAll(async () => {
  await table.close()
  await pool.end()
})
beforeEach(async () => {
  await pool.query("truncate acquiring_jobs; update acquiring_pace set next_at = '-infinity'")
  const coins = ['acorn', 'birch', 'cedar', 'daisy', 'elder']
  await table.sync(jobsOf(config.parse({ watch: [{ coins, kind: 'ohlc', max_age: '1h' }] }).watch))
})

async function keeping(reply: () => Reply | undefined, publish: KeeperParts['publish'] = async () => {}) {
  const server = await startOhlcServer(reply)
  const client = new CoinGeckoClient({ baseUrl: server.server.url, callsPerMinute: 1000, attempts: 1 })
  const coingecko = new CoinGeckoAgent(new CoinGeckoDSL(client))
  const keeper = new Keeper({ table, coingecko, publish, spacingMs: 0, callsAtOnce: 2, logger: silentLogger })
  return { server, keeper, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
const leased = async () => (await pool.query('select from acquiring_jobs where leased_by is not null')).rowCount

describe('a keeper', () => {
  test('runs as many calls at once as configured, and gives unfinished jobs back when it is stopped', async () => {
    const held = new Promise(() => {})
    await using it = await keeping(() => ({ after: held }))
    const stop = new AbortController()
    const kept = it.keeper.keep(stop.signal)
    await until(async () => it.server.calls.length === 2, 'two calls')
    expect(await leased()).toBe(2)
    stop.abort(new QiError('CLOSED', 'stopped'))
    await kept
    expect(await leased()).toBe(0)
    expect(await table.states()).toMatchObject(Array(5).fill({ fetched: false, failures: 0 }))
    expect(it.server.calls.length).toBe(2)
  })

  test('makes no more calls with a key that is refused', async () => {
    await using it = await keeping(() => ({ status: 401, body: '{"status":{"error_code":10002,"error_message":"wrong key"}}' }))
    const stop = new AbortController()
    const passing = it.keeper.pass(stop.signal, 60_000)
    await until(async () => {
      const { rows } = await pool.query<{ rests: boolean }>('select next_at > clock_timestamp() as rests from acquiring_pace')
      return rows[0]?.rests === true && (await leased()) === 0
    }, 'all calls to have failed')
    stop.abort()
    const { calls, failed, more } = await passing
    expect({ failed, more }).toEqual({ failed: calls, more: true })
    expect(calls).toBeLessThanOrEqual(2)
    expect(await table.claim(0)).toMatchObject({ job: undefined, idle: false })
  })

  test('counts a job as failed if its records could not be published', async () => {
    await using it = await keeping(
      () => undefined,
      async () => {
        throw new QiError('BAD_DATA', '1 of 12 records are invalid')
      },
    )
    expect(await it.keeper.pass(new AbortController().signal, 60_000)).toEqual({ calls: 5, failed: 5, records: 0, more: false })
    expect(await table.states()).toMatchObject(
      Array(5).fill({ fetched: false, failures: 1, problem: '1 of 12 records are invalid' }),
    )
  })

  test('goes on when one call fails', async () => {
    let first = true
    await using it = await keeping(() => {
      const reply = first ? { status: 500, body: '' } : undefined
      first = false
      return reply
    })
    expect(await it.keeper.pass(new AbortController().signal, 60_000)).toEqual({ calls: 5, failed: 1, records: 48, more: false })
    expect((await table.states()).filter(({ fetched }) => fetched)).toHaveLength(4)
  })
})
