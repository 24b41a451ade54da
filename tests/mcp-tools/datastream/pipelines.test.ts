import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type LinkedTools, linkedTools } from '../linkedTools.ts'

const { url: databaseUrl } = await testDatabase()
let tools: LinkedTools
beforeAll(async () => {
  tools = await linkedTools({ databaseUrl, yaml: 'sources: { simulated: { interval_ms: 50, coins: [bitcoin, ether] } }\n' })
  await tools.platform.startSource('simulated')
  await until(() => tools.platform.getStatus().consumers.some(({ written }) => written > 10), 'records stored')
})
afterAll(() => tools[Symbol.asyncDispose]())

describe('manage_pipelines', () => {
  test('lists sources, pipelines and destinations with what they did', async () => {
    const found = await tools.call<{
      readonly sources: readonly { readonly source: string; readonly published: number }[]
      readonly pipelines: readonly { readonly pipeline: string; readonly written: number }[]
    }>('manage_pipelines')
    expect(found.sources).toMatchObject([{ source: 'simulated', state: 'running', invalid: 0 }])
    expect(found.sources[0]?.published).toBeGreaterThan(10)
    expect(found.pipelines).toMatchObject([
      {
        pipeline: 'crypto-data',
        group: 'qicore-crypto-data',
        destination: 'timescaledb',
        topics: expect.arrayContaining(['crypto-prices']),
        state: 'running',
      },
    ])
    expect(found.pipelines[0]?.written).toBeGreaterThan(10)
  })

  test('inspects one, and says which there are', async () => {
    const prices = async () => {
      const { topics } = await tools.call<{
        readonly topics: readonly { readonly topic: string; readonly messages: number }[]
      }>('manage_pipelines', { action: 'inspect', pipeline: 'crypto-data' })
      return topics.find(({ topic }) => topic === 'crypto-prices')?.messages ?? 0
    }
    await until(async () => (await prices()) > 10, 'prices counted in their topic')
    expect(await tools.refused('manage_pipelines', { action: 'inspect' })).toMatch(
      /^BAD_REQUEST: pipeline is missing: .*crypto-data/,
    )
    expect(await tools.refused('manage_pipelines', { action: 'inspect', pipeline: 'crypto-date' })).toMatch(
      /^NOT_FOUND: .*did you mean crypto-data/,
    )
  })
})

describe('dead_letters', () => {
  interface Letters {
    readonly letters: readonly {
      readonly id: string
      readonly reason: string
      readonly value?: string
      readonly replayed: boolean
    }[]
    readonly next?: string
    readonly replayed?: number
    readonly refused?: readonly { readonly id: string; readonly why: string }[]
  }
  const ask = (input: Record<string, unknown> = {}) => tools.call<Letters>('dead_letters', input)
  const refused = (input: Record<string, unknown>) => tools.refused('dead_letters', input)

  test('are listed page by page, inspected, refused as they are, and put back corrected', async () => {
    const { stream, store } = tools.platform
    const bad = (coin: string) =>
      `{"coin_id":"${coin}","source":"test","currency":"usd","time":"2026-01-01T00:00:00Z","received_at":"2026-01-01T00:00:00Z","origin":"live","price":"much"}`
    await stream.append(
      'crypto-prices',
      ['corrected', 'left', 'third'].map((coin) => ({ key: `test:${coin}`, value: bad(coin) })),
    )
    await until(async () => (await ask()).letters.length === 3, 'three dead letters')
    const first = await ask({ limit: 2 })
    expect(first.letters.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('price'),
      expect.stringContaining('price'),
    ])
    const rest = await ask({ limit: 2, after: first.next })
    const ids = [...first.letters, ...rest.letters].map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
    const inspected = await ask({ action: 'inspect', ids })
    const found = inspected.letters.find(({ value }) => value === bad('corrected'))
    expect(found?.value).toBe(bad('corrected'))
    const id = found?.id as string
    const again = await ask({ action: 'replay', ids: [id] })
    expect(again).toMatchObject({ replayed: 0, refused: [{ id, why: expect.stringContaining('price') }] })
    expect(await ask({ action: 'replay', ids: [id], value: bad('corrected').replace('much', '12.5') })).toMatchObject({
      replayed: 1,
    })
    const stored = () =>
      store.pool.query<{ price: string }>(
        "select trim_scale(price)::text as price from crypto_prices where coin_id = 'corrected'",
      )
    expect(await until(async () => (await stored()).rows[0]?.price, 'the corrected price')).toBe('12.5')
    expect((await ask()).letters.map((letter) => letter.id)).toEqual(ids.filter((one) => one !== id))
    expect((await ask({ pending: false })).letters.find((letter) => letter.id === id)?.replayed).toBe(true)
  })

  test('refuses, and says what to do', async () => {
    expect(await refused({ action: 'inspect' })).toMatch(/^BAD_REQUEST: ids is missing/)
    expect(await refused({ action: 'inspect', ids: ['crypto-prices.dlq/0/99999'] })).toMatch(
      /^NOT_FOUND: ids "crypto-prices\.dlq\/0\/99999"/,
    )
    expect(await refused({ action: 'replay', ids: ['crypto-prices/0/1'] })).toMatch(
      /^BAD_REQUEST: .*expected the id of a dead letter/,
    )
    const two = ['crypto-prices.dlq/0/1', 'crypto-prices.dlq/0/2']
    expect(await refused({ action: 'replay', ids: two, value: '{}' })).toMatch(/^BAD_REQUEST: value: it mends one dead letter/)
  })
})

test('platform_health says of each part how it is, and why', async () => {
  const found = await tools.call<{
    readonly status: string
    readonly parts: readonly { readonly name: string; readonly status: string; readonly since: string; readonly why: string }[]
  }>('platform_health')
  expect(found).toMatchObject({ status: 'up', state: 'running' })
  const names = found.parts.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['store', 'stream', 'source simulated', 'consumer crypto-data']))
  for (const { since } of found.parts) expect(Date.parse(since)).toBeLessThanOrEqual(Date.now())
  expect((await tools.call<{ parts: unknown[] }>('platform_health', { unwell: true })).parts).toEqual([])
})

test('performance_metrics gives the counters, page by page', async () => {
  interface Metrics {
    readonly series: readonly {
      readonly metric: string
      readonly labels?: Record<string, string>
      readonly value?: number
      readonly count?: number
      readonly p99?: number
    }[]
    readonly series_in_all: number
    readonly next?: number
  }
  const stored = async () => {
    const { series } = await tools.call<Metrics>('performance_metrics')
    return series.find(({ metric, labels }) => metric === 'qicore_records_stored_total' && labels?.topic === 'crypto-prices')
  }
  expect((await until(stored, 'prices to be counted')).value).toBeGreaterThan(0)
  const latency = (await tools.call<Metrics>('performance_metrics', { name: 'stream_to_store' })).series[0]
  expect(latency?.count).toBeGreaterThan(0)
  expect(latency?.p99).toBeGreaterThan(0)
  const page = await tools.call<Metrics>('performance_metrics', { name: 'nodejs', limit: 3 })
  expect(page.series.length).toBe(3)
  expect(page.next).toBe(3)
  expect(page.series_in_all).toBeGreaterThan(3)
  expect(await tools.refused('performance_metrics', { name: 'nothing_like_it' })).toMatch(/^NOT_FOUND: name "nothing_like_it"/)
})

test('a process that only serves tools says where the platform runs', async () => {
  await using other = await linkedTools({ databaseUrl, running: false })
  expect(await other.call('manage_pipelines')).toMatchObject({
    pipelines: [],
    note: expect.stringContaining('runs in another one'),
  })
  expect(await other.call('platform_health')).toMatchObject({ state: 'initialized', running_elsewhere: true })
})
