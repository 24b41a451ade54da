import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type LinkedTools, linkedTools } from '../linkedTools.ts'

const { url: databaseUrl } = await testDatabase()
let tools: LinkedTools
beforeAll(async () => {
  tools = await linkedTools({ databaseUrl, yaml: 'sources: { simulated: { seed: configured, interval_ms: 50 } }\n' })
})
afterAll(() => tools[Symbol.asyncDispose]())

interface Answer {
  readonly done?: string
  readonly publishers: readonly { readonly source: string; readonly state: string; readonly published?: number }[]
  readonly settings?: readonly { readonly name: string; readonly by_operator_only?: boolean }[]
}
const ask = (input: Record<string, unknown> = {}) => tools.call<Answer>('stream_crypto_data', input)
const refused = (input: Record<string, unknown>) => tools.refused('stream_crypto_data', input)
const stateOf = async (source: string) => (await ask()).publishers.find((one) => one.source === source)?.state

const storedOf = async (coin: string): Promise<number> => {
  const { rows } = await tools.platform.store.pool.query('select from crypto_prices where coin_id = $1', [coin])
  return rows.length
}

test('a source is started with settings of its own, stores, and is stopped', async () => {
  expect(await stateOf('simulated')).toBe('idle')
  const started = await ask({ action: 'start', source: 'simulated', settings: { coins: ['one-of-ours'], candles: false } })
  expect(started.done).toContain('was started')
  await until(async () => (await storedOf('one-of-ours')) > 0, 'the first price')
  expect(await storedOf('bitcoin')).toBe(0)
  const { publishers } = await ask({ source: 'simulated' })
  expect(publishers).toMatchObject([{ source: 'simulated', state: 'running' }])
  expect(publishers[0]?.published).toBeGreaterThan(0)
  expect(await refused({ action: 'start', source: 'simulated' })).toMatch(
    /^CONFLICT: source simulated runs already; stop it first/,
  )
  expect((await ask({ action: 'stop', source: 'simulated' })).publishers).toMatchObject([{ state: 'stopped' }])
  expect(tools.platform.getStatus().publishers).toEqual([])
  expect(await refused({ action: 'stop', source: 'simulated' })).toMatch(/^CONFLICT: .*it does not run here/)
  // The settings of a start end with it; a source that ends by itself is finished, and may be started again.
  await ask({ action: 'start', source: 'simulated', settings: { coins: ['another'], count: 3 } })
  await until(async () => (await stateOf('simulated')) === 'finished', 'three prices')
  await ask({ action: 'start', source: 'simulated' })
  await until(async () => (await storedOf('bitcoin')) > 0, 'the configured coins')
  await ask({ action: 'stop', source: 'simulated' })
})

test('naming a source shows its settings, and which of them are for the operator alone', async () => {
  const { settings = [] } = await ask({ source: 'coingecko' })
  expect(settings.find(({ name }) => name === 'coins')?.by_operator_only).toBeUndefined()
  const guarded = settings.filter((setting) => setting.by_operator_only).map(({ name }) => name)
  expect(guarded).toEqual(expect.arrayContaining(['api_key', 'base_url', 'tls']))
})

describe('refuses, and says what to do', () => {
  test.each<[Record<string, unknown>, RegExp]>([
    [{ action: 'start' }, /^BAD_REQUEST: source is missing: .*coingecko, /],
    [{ action: 'start', source: 'simulatet' }, /^NOT_FOUND: source "simulatet".*did you mean simulated\?/],
    [{ action: 'start', source: 'constructor' }, /^NOT_FOUND/],
    [
      { action: 'start', source: 'simulated', settings: { coinz: ['a'] } },
      /^BAD_REQUEST: settings\.coinz: .*did you mean coins\?/,
    ],
    [{ action: 'start', source: 'simulated', settings: { interval_ms: -5 } }, /^BAD_REQUEST: settings\.interval_ms -5: /],
    [
      { action: 'start', source: 'coingecko', settings: { base_url: 'http://evil.example' } },
      /^BAD_REQUEST: settings\.base_url .*can only be set in qicore\.yaml/,
    ],
    [{ action: 'start', source: 'coingecko', settings: { api_key: 'x' } }, /can only be set in qicore\.yaml/],
    [{ action: 'start', source: 'replay', settings: { path: '/etc/passwd' } }, /can only be set in qicore\.yaml/],
    [{ settings: { coins: ['a'] } }, /^BAD_REQUEST: settings: only a start/],
    [{ action: 'begin' }, /^BAD_REQUEST: .*action/],
  ])('%j', async (input, message) => {
    expect(await refused(input)).toMatch(message)
    expect(tools.platform.getStatus().publishers).toEqual([])
  })
})

test('what another process runs on the same store is not started a second time', async () => {
  await using other = await linkedTools({ databaseUrl, running: false })
  await other.call('stream_crypto_data', {
    action: 'start',
    source: 'simulated',
    settings: { coins: ['elsewhere'], interval_ms: 50 },
  })
  await until(async () => (await storedOf('elsewhere')) > 0, 'a price of the other process, stored by the running platform')
  expect(await stateOf('simulated')).toBe('elsewhere')
  expect(await refused({ action: 'start', source: 'simulated' })).toMatch(/^CONFLICT: source simulated runs in another process/)
  await other.call('stream_crypto_data', { action: 'stop', source: 'simulated' })
  expect(['idle', 'stopped']).toContain(await stateOf('simulated'))
})
