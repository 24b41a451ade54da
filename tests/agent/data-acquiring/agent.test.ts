import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataAcquiring } from '../../../lib/src/publishers/agents/data-acquiring/index.ts'
import type { WatchReport } from '../../../lib/src/publishers/agents/data-acquiring/report.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type HostedAgents, hostedAgents } from '../hostedAgents.ts'
import { type OhlcServer, ohlcBody, startOhlcServer } from './ohlcServer.ts'

const { url } = await testDatabase()
let server: OhlcServer
let hosted: HostedAgents
let holes = true
let first: WatchReport & { readonly calls: number }

beforeAll(async () => {
  server = await startOhlcServer(({ path, query }) => {
    if (path === '/coins/nowhere/ohlc') return { status: 404, body: '{"error":"coin not found"}' }
    const [, coin] = /^\/coins\/(holed|gapped)\/ohlc$/.exec(path) ?? []
    if (coin) return { body: ohlcBody(coin, 12, (i) => holes && (i === 4 || i === 5)) }
    if (path !== '/simple/price') return undefined
    const coins = query.get('ids')?.split(',') ?? []
    return { body: `{${coins.map((coin) => `"${coin}":{"usd":1.5,"last_updated_at":${Math.floor(Date.now() / 1000)}}`)}}` }
  })
  const watch = `
      - { coins: [acorn, birch], max_age: 1h, priority: high }
      - { coins: [acorn, holed, gapped, nowhere], kind: ohlc, max_age: 1h }`
  hosted = await hostedAgents({
    databaseUrl: url,
    yaml: `sources: { coingecko: { base_url: "${server.server.url}", calls_per_minute: 6000, retry: { attempts: 1 } } }
agents:
  data-acquiring:
    watch:${watch}\n`,
    definitions: { 'data-acquiring': dataAcquiring },
  })
  first = await run('main')
})
afterAll(async () => {
  await hosted[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const run = async <T>(workflow: string, input: object = {}): Promise<T> => {
  const agent = await hosted.host.agent('data-acquiring')
  return (await (
    await agent.submit(workflow, input)
  ).result) as T
}
const count = async (sql: string): Promise<number> => (await hosted.platform.store.pool.query(sql)).rowCount ?? 0

describe('the agent that acquires data', () => {
  test('fetches the due jobs only, stores their records, and reports ages and failures', async () => {
    expect(first).toMatchObject({ calls: 5, failed: 1, instruments: 6, failing_in_all: 1 })
    expect(first.classes).toMatchObject([
      { priority: 'high', kind: 'prices', instruments: 2, waiting: 0, max_age_seconds: 3600, kept: true, refreshes: 1, late: 0 },
      { priority: 'normal', kind: 'ohlc', instruments: 4, waiting: 1, refreshes: 3 },
    ])
    expect(first.failing).toEqual([
      { job: 'ohlc 30m usd nowhere', failures: 1, problem: expect.stringMatching(/coin not found|nowhere/) },
    ])
    expect(first.text).toMatch(/^5 calls, 1 failed, 34 records\nhigh prices: 95 of 100 of 2 are at most \d.*promised 1h: kept\n/)
    await until(async () => (await count("select from ohlcv_data where coin_id = 'acorn'")) === 12, 'the candles')
    await until(async () => (await count("select from crypto_prices where coin_id in ('acorn', 'birch')")) === 2, 'the prices')

    const again = await run<{ calls: number }>('main')
    expect(again.calls).toBe(0)
    expect(await run<WatchReport>('report')).toMatchObject({ instruments: 6 })
  })

  test('fills the gaps of watched instruments', async () => {
    await until(async () => (await count("select from ohlcv_data where coin_id = 'holed'")) >= 10, 'candles with a hole')
    holes = false
    expect(await run('backfill-gaps', { coins: ['holed'] })).toMatchObject({ gaps: 1, failures: [], gave_way: false })
    await until(async () => (await count("select from ohlcv_data where coin_id = 'holed'")) >= 12, 'the hole to be filled')
    expect(await run('backfill-gaps', { coins: ['holed'], days: 0.2 })).toMatchObject({ gaps: 0, text: 'no gaps' })
  })

  test('leaves gaps for later while a promise is overdue', async () => {
    await until(async () => (await count("select from ohlcv_data where coin_id = 'gapped'")) >= 10, 'candles with a hole')
    const { pool } = hosted.platform.store
    await pool.query("update acquiring_jobs set fetched_at = fetched_at - interval '2 hours' where job like '%acorn'")
    try {
      expect(await run('backfill-gaps', { coins: ['gapped'] })).toMatchObject({ gaps: 1, calls: 0, gave_way: true })
      expect((await (await hosted.host.agent('data-acquiring')).health()).ok).toBe(false)
    } finally {
      await pool.query("update acquiring_jobs set fetched_at = fetched_at + interval '2 hours' where job like '%acorn'")
    }
  })
})
