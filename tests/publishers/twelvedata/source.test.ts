import { expect, test } from 'vitest'
import {
  type CorporateAction,
  formatTime,
  type Price,
  type RecordBatch,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { twelvedata } from '../../../lib/src/publishers/sources/twelvedata/index.ts'
import { planCredits } from '../../../lib/src/publishers/sources/twelvedata/schedule.ts'
import { sourceSuite } from '../../contracts/sourceSuite.ts'
import { type FakeTwelveData, KEY, startTwelveData, twelveData } from './server.ts'

const settingsOf = ({ url }: Pick<FakeTwelveData, 'url'>, more: object = {}) =>
  twelvedata.config.parse({
    api_key: KEY,
    base_url: url,
    plan: 'ultra',
    symbols: ['TA:XNAS', 'TB:XNAS'],
    timeframes: ['1h'],
    ...more,
  })

sourceSuite('twelvedata', {
  async open(name) {
    const server = await startTwelveData()
    const source = await twelvedata.open(settingsOf(server), { name, logger: silentLogger })
    return {
      source, // A symbol is looked up once before its first call.
      work: () => server.asked.filter(({ path }) => path !== '/symbol_search').length,
      dispose: async () => server[Symbol.asyncDispose](),
    }
  },
  async openUnreachable(name) {
    const server = await startTwelveData()
    await server[Symbol.asyncDispose]()
    return { source: await twelvedata.open(settingsOf(server), { name, logger: silentLogger }) }
  },
})

test('prices, candles and instruments of each symbol, by its id', async () => {
  const server = await twelveData()
  await using source = await twelvedata.open(settingsOf(server), { name: 'stocks', logger: silentLogger })
  const batches: RecordBatch[] = []
  for await (const batch of source) if (batch.records.length > 0 && batches.push(batch) === 6) break
  const kinds = Map.groupBy(batches, ({ type }) => type.name)
  expect([...kinds].map(([name, some]) => [name, some.length]).sort()).toEqual([
    ['instrument', 2],
    ['ohlcv', 2],
    ['price', 2],
  ])
  for (const { records } of batches) for (const { source: from } of records) expect(from).toBe('stocks')
  const prices = (kinds.get('price') ?? []).flatMap(({ records }) => records as readonly unknown[] as Price[])
  expect(prices.map(({ coinId, currency, price }) => [coinId, currency, price])).toEqual([
    ['TA:XNAS', 'USD', '93.5'],
    ['TB:XNAS', 'USD', '93.5'],
  ])
  expect(kinds.get('instrument')?.[0]?.records).toMatchObject([
    { coinId: 'TA:XNAS', kind: 'security', mic: 'XNAS', currency: 'USD' },
  ])
  for (const { query, authorization } of server.asked) {
    expect(String(query)).not.toContain(KEY)
    expect(authorization).toBe(`apikey ${KEY}`)
  }
})

test('splits and dividends, of securities alone; those of one day are one sum', async () => {
  const server = await twelveData()
  const symbols = ['TA:XNAS', 'T/USD']
  const intervals = { quotes: 0, candles: 0, instruments: 0 }
  await using source = await twelvedata.open(settingsOf(server, { symbols, intervals }), { name: 'stocks', logger: silentLogger })
  const found: CorporateAction[] = []
  for await (const { records } of source) {
    found.push(...(records as readonly unknown[] as CorporateAction[]))
    if (found.length >= 4) break
  }
  const day = (time: number) => formatTime(time).slice(0, 10)
  expect(
    found.map(({ time, action, ratioFrom, ratioTo, amount, currency }) => [
      day(time),
      action,
      ratioFrom ?? amount,
      ratioTo ?? currency,
    ]),
  ).toEqual([
    ['2014-06-09', 'split', '1', '7'],
    ['2020-08-31', 'split', '1', '4'],
    ['2021-05-07', 'dividend', '1.2050001', 'USD'],
    ['2021-08-06', 'dividend', '0.22', 'USD'],
  ])
  expect(found.every(({ coinId, source: from }) => coinId === 'TA:XNAS' && from === 'stocks')).toBe(true)
  expect(server.asked.find(({ path }) => path === '/dividends')?.query.get('adjust')).toBe('false')
})

test('corporate actions need a paid plan, and cost what they cost', () => {
  const plan = (name: 'basic' | 'grow', more: object = {}) =>
    planCredits({ plan: name, symbols: ['TA:XNAS'], timeframes: [], intervals: {}, ...more })
  expect(plan('basic').intervals.actions).toBe(0)
  expect(plan('grow').intervals.actions).toBe(86_400)
  expect(plan('grow', { intervals: { actions: 60, quotes: 0, instruments: 0 } })).not.toHaveProperty('problem')
  expect(plan('grow', { intervals: { actions: 40, quotes: 0, instruments: 0 } }).problem).toContain('actions 40 every 40 s')
})

test('a symbol that the plan does not have is a warning; the others go on', async () => {
  const server = await twelveData({
    answer: ({ query }) =>
      query.get('symbol') === 'TB'
        ? { status: 200, body: '{"code":403,"message":"This symbol is available starting with Pro","status":"error"}' }
        : undefined,
  })
  await using source = await twelvedata.open(settingsOf(server), { name: 'stocks', logger: silentLogger })
  const seen = new Set<unknown>()
  for await (const { records } of source) {
    for (const { coinId } of records) seen.add(coinId)
    if (seen.size > 0 && (source.warnings?.length ?? 0) > 0) break
  }
  expect([...seen]).toEqual(['TA:XNAS'])
  expect(source.warnings).toMatchObject([{ subject: 'symbol TB:XNAS', message: expect.stringContaining('starting with Pro') }])
})

test('a refused key: the check says which setting to correct, and shows nothing of the key', async () => {
  const server = await twelveData({
    answer: () => ({ status: 401, body: `{"code":401,"message":"**apikey** parameter is incorrect: ${KEY}","status":"error"}` }),
  })
  await using source = await twelvedata.open(settingsOf(server), { name: 'stocks', logger: silentLogger })
  const found = await source.check()
  expect(found).toMatchObject({ ok: false })
  expect(JSON.stringify(found)).toContain('correct sources.stocks.api_key (TWELVEDATA_API_KEY)')
  expect(JSON.stringify(found)).not.toContain(KEY)
})
