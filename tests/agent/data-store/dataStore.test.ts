import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Run } from '../../../lib/src/base/agent/index.ts'
import { type Decimal, instrument, ohlcv, parseTime, price, type Trade, trade } from '../../../lib/src/base/types/index.ts'
import type { QualityReport } from '../../../lib/src/consumers/agents/data-store/report.ts'
import { loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type HostedAgents, hostedAgents } from '../hostedAgents.ts'
import { BEGIN, candlesOf, HOUR, priceOf, quiet } from '../market/stored.ts'

const { url } = await testDatabase()
let hosted: HostedAgents
beforeAll(async () => {
  hosted = await hostedAgents({ databaseUrl: url, yaml: 'agents:\n  data-store:\n    keep_days: { trades: 30, quotes: 7 }\n' })
  // Before the first read: calendars are cached for ten seconds.
  await hosted.platform.store.timescale.upsert(instrument, [
    {
      ...{ coinId: 'AAPL:XNAS', source: 'stocks', time: 0, receivedAt: 0, origin: 'live', kind: 'security', symbol: 'AAPL' },
      ...{ name: 'Apple', active: true, mic: 'XNAS' },
    },
  ])
})
afterAll(() => hosted[Symbol.asyncDispose]())

async function submit(workflow: string, input: unknown): Promise<Run<unknown>> {
  const agent = await hosted.host.agent('data-store')
  return agent.submit(workflow, input)
}
const run = async <T>(workflow: string, input: unknown = {}): Promise<T> => (await (await submit(workflow, input)).result) as T
const count = async (table: string, coin: string) =>
  (await hosted.platform.store.pool.query(`select count(*)::int as n from ${table} where coin_id = $1`, [coin])).rows[0]
    ?.n as number

const tradeOf = (id: string, at: number): Trade => ({
  coinId: 'acorn',
  source: 'grove',
  currency: 'usd',
  tradeId: id,
  side: 'buy',
  price: '100' as Decimal,
  amount: '1' as Decimal,
  time: at,
  receivedAt: at,
  origin: 'live',
})

describe('the store', () => {
  test('of a stock, nothing is stale or missing at night, on a weekend and after an early close', async () => {
    const { store } = hosted.platform
    const open = parseTime('2025-11-28T14:30:00Z')
    const stock = { coin: 'AAPL:XNAS', source: 'stocks' }
    // Friday after Thanksgiving, which closes at 18:00 UTC: the last hour is a half.
    const before = candlesOf(stock, quiet(7), parseTime('2025-11-26T14:30:00Z'))
    await store.timescale.upsert(ohlcv, [...before, ...candlesOf(stock, quiet(4), open)])
    for (const to of ['2025-11-28T20:30:00Z', '2025-11-29T04:00:00Z', '2025-11-30T12:00:00Z', '2025-12-01T14:29:00Z']) {
      const report = await run<QualityReport>('main', { to, hours: 120 })
      const ours = ({ coin_id }: { coin_id: string }) => coin_id === 'AAPL:XNAS'
      expect(report.health.worst.filter(ours), to).toEqual([])
      expect(report.gaps.longest.filter(ours), to).toEqual([])
      expect(report.duplicates.misaligned.filter(ours), to).toEqual([])
    }
    const late = await run<QualityReport>('main', { to: '2025-12-01T16:31:00Z', hours: 120 })
    expect(late.health.worst).toContainEqual(expect.objectContaining({ coin_id: 'AAPL:XNAS', status: 'stale' }))
  })

  test('is examined, with the same result twice; retention is proposed, and applied when a human approves', async () => {
    const { store, stream, coverage } = hosted.platform
    const whole = candlesOf({ coin: 'acorn' }, quiet(48))
    const holed = whole.filter((_, i) => i < 20 || i > 22)
    const [odd] = candlesOf({ coin: 'acorn', source: 'odd' }, ['100'], BEGIN + HOUR / 4)
    await store.timescale.upsert(ohlcv, [...holed, ...(odd ? [odd] : [])])
    const late = priceOf({ coin: 'birch' }, '1', BEGIN + HOUR)
    await store.timescale.upsert(price, [
      priceOf({ coin: 'birch' }, '2', BEGIN + 2 * HOUR),
      { ...late, receivedAt: BEGIN + 3 * HOUR },
      priceOf({ coin: 'BIRCH' }, '2', BEGIN + 2 * HOUR),
    ])
    await store.timescale.upsert(
      trade,
      ['a', 'b', 'c'].map((id) => tradeOf(id, BEGIN + HOUR)),
    )
    await stream.append('crypto-prices', [{ key: 'grove:elm', value: Buffer.from('{"coin_id":"elm"}') }])
    await until(async () => (await hosted.platform.deadLetters.list()).length === 1, 'a dead letter')

    const stretch = { to: '2026-01-08T00:00:00Z', hours: 168 }
    const report = await run<QualityReport>('main', stretch)
    expect(report).toMatchObject({ from: '2026-01-01T00:00:00Z', ok: false, applied: [] })
    expect(report.consuming).toEqual({
      consumers: [{ group: 'qicore-crypto-data', state: 'active', members: 1, lag: 0 }],
      caught_up: true,
    })
    expect(report.health).toMatchObject({ late_rows: 1 })
    expect(report.health.worst).toContainEqual(
      expect.objectContaining({ coin_id: 'acorn', source: 'grove', kind: '1h', gaps: 1 }),
    )
    expect(report.late).toContainEqual({
      table: 'crypto_prices',
      rows: 3,
      p50_seconds: 0,
      p95_seconds: expect.closeTo(6480, 6),
      most_seconds: 7200,
    })
    const hole = { from: '2026-01-01T20:00:00Z', to: '2026-01-01T23:00:00Z' }
    expect(report.gaps.longest).toContainEqual(expect.objectContaining({ coin_id: 'acorn', type: '1h', ...hole, fillable: true }))
    expect(report.duplicates).toEqual({
      respelled: [
        [
          { coin_id: 'BIRCH', source: 'grove', currency: 'usd' },
          { coin_id: 'birch', source: 'grove', currency: 'usd' },
        ],
      ],
      misaligned: [{ coin_id: 'acorn', source: 'odd', currency: 'usd', timeframe: '1h', rows: 1 }],
      twins: [{ coin_id: 'acorn', source: 'grove', currency: 'usd', rows: 2 }],
    })
    expect(report.dead_letters).toMatchObject([{ topic: 'crypto-prices', stage: 'store', count: 1 }])
    expect(report.proposals.map(({ table, days, setting }) => [table, days, setting])).toEqual([
      ['trades', 30, 'store.retention.trade: 30'],
      ['quotes', 7, 'store.retention.quote: 7'],
    ])
    const again = await run<QualityReport>('main', stretch)
    expect({ ...again, storage: 0 }).toEqual({ ...report, storage: 0 })
    expect(await store.timescale.policies.retention()).toEqual({ quotes: 30, books: 7 })
    expect((await coverage.list()).length).toBeGreaterThan(0)

    const asked = async () => {
      const { id, result } = await submit('housekeeping', {})
      result.catch(() => {}) // it is awaited below
      const question = await until(async () => (await hosted.host.runner.status(id))?.questions[0]?.question, 'a question')
      expect(question).toMatch(/keep 30 days of trades.*keep 7 days of quotes.*cannot be brought back/)
      return { id, result }
    }
    const refused = await asked()
    await hosted.host.runner.decide(refused.id, { approved: false })
    await expect(refused.result).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await store.timescale.policies.retention()).toEqual({ quotes: 30, books: 7 })
    expect(await count('trades', 'acorn')).toBe(3)

    // Rows that are not rolled up yet are not dropped.
    await until(async () => {
      const { keeper, pending } = await store.rollups.status()
      return keeper !== undefined && pending === 0
    }, 'the trades to be rolled up')
    const agreed = await asked()
    await hosted.host.runner.decide(agreed.id, { approved: true })
    expect(await agreed.result).toMatchObject({ applied: [{ table: 'trades' }, { table: 'quotes', dropped: 0 }] })
    expect(await store.timescale.policies.retention()).toEqual({ trades: 30, quotes: 7, books: 7 })
    expect(await count('trades', 'acorn')).toBe(0)
    expect(await run('housekeeping')).toMatchObject({ proposals: [], applied: [], text: 'there is nothing to do' })
  })

  test('stores the records of a topic again, any number of times', async () => {
    const { store, stream } = hosted.platform
    const records = ['1', '2', '3'].map((text, i) => priceOf({ coin: 'oak' }, text, parseTime('2026-02-01T00:00:00Z') + i * HOUR))
    await stream.append(
      'crypto-prices',
      records.map((record) => ({ key: price.messageKey(record), value: Buffer.from(price.encode(record)) })),
    )
    await until(async () => (await count('crypto_prices', 'oak')) === 3, 'three prices')
    await store.pool.query("delete from crypto_prices where coin_id = 'oak'")
    for (const missing of [3, 0]) {
      const report = await run<Record<'read' | 'written' | 'overwritten' | 'dead_lettered', number>>('store')
      expect(report.written).toBe(missing)
      expect(report.read).toBe(report.written + report.overwritten + report.dead_lettered)
      expect(await count('crypto_prices', 'oak')).toBe(3)
    }
  })

  test('refuses unknown topics and invalid times', async () => {
    await expect(run('store', { topic: 'crypto-gossip' })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'topic' })
    await expect(run('main', { to: 'tomorrow' })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'to' })
    const flags = { 'agents.data-store.keep_days': { gossip: 3 } }
    expect(() => loadConfig({ env: { DATABASE_URL: url }, flags })).toThrow(/keep_days/)
  })
})
