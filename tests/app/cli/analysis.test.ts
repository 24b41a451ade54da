import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import type { Decimal } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { getJson, openEngines, platformOf, serving } from '../server/served.ts'
import { makeProject, type Project } from './project.ts'
import { document, failure, qicore } from './qicore.ts'

const { url } = await testDatabase()
const START = 1_767_571_200_000_000
const HOUR = 3_600_000_000
let store: Store
let project: Project

beforeAll(async () => {
  store = await openStore({ databaseUrl: url, home: '/nowhere' })
  project = await makeProject('analysis')
  const bars = Array.from({ length: 100 }, (_, i) => {
    const figure = (value: number) => String(value) as Decimal
    const close = i === 90 ? 150 : 100 + (i % 2)
    return {
      coinId: 'bitcoin',
      source: 'kraken',
      time: START + i * HOUR,
      receivedAt: START + (i + 1) * HOUR,
      origin: 'live' as const,
      currency: 'usd',
      timeframe: '1h' as const,
      open: figure(close),
      high: figure(close),
      low: figure(close),
      close: figure(close),
      volume: figure(2),
      isFinal: true,
      builtFrom: 'provider' as const,
    }
  })
  await store.dsl.storeOHLCV(bars)
})
afterAll(async () => {
  await store.close()
  await project[Symbol.asyncDispose]()
})

const ask = (...args: string[]) => qicore(['query', ...args], { cwd: project.cwd, env: { DATABASE_URL: url } })
/** The answer of HTTP to the same query. */
async function http(path: string): Promise<unknown> {
  await using engines = await openEngines(url)
  const server = await serving(platformOf(engines))
  return (await getJson(`${server.url}${path}`)).body
}

describe('qicore query', () => {
  it('an empty answer of latest names the stored types', async () => {
    const { code, stderr, stdout } = await ask('latest')
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/; stored types: ohlcv \(`qicore query health` lists the series\)/)
  })

  it.each([
    ['sma', ['--period', '4'], 'period=4', { value: 100.5 }],
    ['bollinger', ['--period', '4'], 'period=4&', { lower: 99.5, middle: 100.5, upper: 101.5 }],
    [
      'vwap',
      ['--anchor', 'range', '--from', '2026-01-05', '--to', '2026-01-05T04:00:00Z'],
      'anchor=range&from=2026-01-05&to=2026-01-05T04:00:00Z',
      { value: 100.5 },
    ],
  ])('indicators %s gives what HTTP gives', async (name, flags, parameters, last) => {
    const found = document<{ points: readonly object[] }>(await ask('indicators', name, 'bitcoin', ...flags, '--json'))
    expect(found.points.at(-1)).toMatchObject(last)
    expect(found).toEqual(await http(`/api/v1/indicators/${name}?coin=bitcoin&${parameters}`))
  })

  it('anomalies shows a jump and its reversal, for people and for programs', async () => {
    const shown = await ask('anomalies', 'bitcoin')
    expect(shown.stdout).toMatch(/2026-01-08T18:00:00Z +150 +101 +\+48\.51/)
    expect(shown.stderr).toContain('2 of 39 candles')
    const found = document<{ anomalies: readonly object[] }>(await ask('anomalies', 'bitcoin', '--json'))
    expect(found.anomalies).toMatchObject([{ close: '150', previous_close: '101' }, { close: '101' }])
    expect(found).toEqual(await http('/api/v1/anomalies?coin=bitcoin'))
  })

  it('health shows rows, age and gaps of each series', async () => {
    const to = '2026-01-09T04:00:00Z'
    expect((await ask('health', 'bitcoin', '--to', to)).stdout).toMatch(/bitcoin +usd +kraken +1h +ok +0 s +24 +24 +0/)
    const found = document<{ items: readonly object[] }>(await ask('health', '--to', to, '--json'))
    expect(found.items).toMatchObject([{ kind: '1h', status: 'ok', rows: 24, expected: 24 }])
    expect(found).toEqual(await http(`/api/v1/data-health?to=${to}`))
  })

  it('an unknown indicator is refused with the known names', async () => {
    const unknown = await ask('indicators', 'rsj', 'bitcoin', '--json')
    expect(failure(unknown)).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('did you mean rsi') })
    const wrong = await ask('indicators', 'macd', 'bitcoin', '--fast', '30', '--json')
    expect(failure(wrong)).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('below slow') })
  })
})
