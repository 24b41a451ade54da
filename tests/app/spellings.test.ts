import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Decimal, type Instrument, instrument, type Ohlcv } from '../../lib/src/base/types/index.ts'
import { type LinkedTools, linkedTools } from '../mcp-tools/consumer/linked.ts'
import { testDatabase } from '../support/database.ts'
import { document, failure, qicore } from './cli/qicore.ts'
import { appendPrices, type Engines, getJson, openEngines, platformOf, priceOf, serving } from './server/served.ts'
import { connect } from './server/webSocket.ts'

const { url: database } = await testDatabase()
const DAY = 86_400_000
const today = () => Math.floor(Date.now() / DAY) * DAY
const iso = (millis: number) => new Date(millis).toISOString().replace('.000Z', 'Z')
const DAYS = 20
const end = today()

let cwd: string
let engines: Engines
let tools: LinkedTools
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'qicore-spellings-'))
  engines = await openEngines(database)
  tools = await linkedTools(database)
  const listed = (coinId: string, symbol: string, name: string): Instrument => ({
    ...{ coinId, source: 'coingecko', time: end * 1000, receivedAt: end * 1000, origin: 'live', kind: 'currency' },
    ...{ symbol, name, active: true },
  })
  await engines.store.timescale.upsert(instrument, [
    listed('bitcoin', 'btc', 'Bitcoin'),
    listed('ethereum', 'eth', 'Ethereum'),
    listed('larger-twin', 'twn', 'Larger'),
    listed('twin', 'twn', 'Twin'),
  ])
  const bar = ([coinId, source, currency]: readonly [string, string, string], back: number): Ohlcv => ({
    ...{ coinId, source, currency, timeframe: '1d', origin: 'backfill', isFinal: true, builtFrom: 'provider' },
    ...{ time: (end - back * DAY) * 1000, receivedAt: end * 1000, volume: '1' as Decimal },
    ...{ open: '1' as Decimal, high: '1' as Decimal, low: '1' as Decimal, close: '1' as Decimal },
  })
  const series = [['bitcoin', 'coingecko', 'usd'] as const, ['SOL/USDT', 'venue', 'USDT'] as const]
  await engines.store.dsl.storeOHLCV(series.flatMap((one) => Array.from({ length: DAYS }, (_, back) => bar(one, back + 1))))
  const capped = (coinId: string, marketCap: string) => ({ ...priceOf(coinId), marketCap: marketCap as Decimal })
  await engines.store.dsl.storePrices([capped('bitcoin', '300'), capped('larger-twin', '200'), capped('twin', '100')])
})
afterAll(async () => {
  await tools?.[Symbol.asyncDispose]()
  await engines?.[Symbol.asyncDispose]()
  await rm(cwd, { recursive: true, force: true })
})

interface Asked {
  readonly coin: string
  readonly from: string
  readonly to: string
}
interface Told {
  readonly series: { readonly coin_id: string }
  readonly candles: readonly { readonly time: string }[]
}

const cli = (...args: string[]) => qicore(args, { cwd, env: { DATABASE_URL: database, QICORE_SOURCES: 'none' } })

/** Each interface, asked for the daily candles of a coin between two times. */
const faces: Readonly<Record<string, (asked: Asked) => Promise<Told>>> = {
  'qicore query': async ({ coin, from, to }) =>
    document<Told>(await cli('query', 'candles', coin, '--timeframe', '1d', '--from', from, '--to', to, '--json')),
  'qicore tool': async ({ coin, from, to }) =>
    document<Told>(
      await cli('tool', 'get_ohlcv_data', `coin=${coin}`, 'timeframe=1d', `from=${from}`, `to=${to}`, 'limit=50', '--json'),
    ),
  async HTTP(asked) {
    const { url } = await serving(platformOf(engines))
    const { status, body } = await getJson(`${url}/api/v1/candles?${new URLSearchParams({ ...asked, timeframe: '1d' })}`)
    expect([status, body]).toMatchObject([200, {}])
    return body as Told
  },
  MCP: (asked) => tools.call<Told>('get_ohlcv_data', { ...asked, timeframe: '1d', limit: 50 }),
}

/** The opens of the days between two moments. */
const opens = (from: number, to: number): string[] =>
  Array.from({ length: DAYS }, (_, i) => end - (DAYS - i) * DAY)
    .filter((open) => open >= from && open < to)
    .map(iso)

/** [spelling of the coin, its id, spellings of start and end, these two moments] */
const SPELLINGS: readonly (readonly [string, string, string, string, () => readonly [number, number]])[] = [
  ['bitcoin', 'bitcoin', '-7d', 'now', () => [Date.now() - 7 * DAY, Date.now()]],
  ['BTC', 'bitcoin', '-1w', 'yesterday', () => [Date.now() - 7 * DAY, today() - DAY]],
  ['btc', 'bitcoin', '-5d12h', 'today', () => [Date.now() - 5.5 * DAY, today()]],
  ['Bitcoin', 'bitcoin', iso(end - 6 * DAY).slice(0, 10), 'YESTERDAY', () => [end - 6 * DAY, today() - DAY]],
  ['BITCOIN', 'bitcoin', iso(end - 6 * DAY), '-1440m', () => [end - 6 * DAY, Date.now() - DAY]],
  ['SOL/USDT', 'SOL/USDT', '-100h', '-86400s', () => [Date.now() - 100 * 3_600_000, Date.now() - DAY]],
  ['sol/usdt', 'SOL/USDT', '-3d', 'Today', () => [Date.now() - 3 * DAY, today()]],
  ['sol', 'SOL/USDT', '-2d1h30m15s', 'now', () => [Date.now() - 2 * DAY - 5_415_000, Date.now()]],
]

test.each(SPELLINGS)('%s means %s, and %s to %s the same days, in CLI, HTTP and MCP', async (coin, id, from, to, moments) => {
  for (const [face, ask] of Object.entries(faces)) {
    const before = opens(...moments())
    const { series, candles } = await ask({ coin, from, to })
    const told = candles.map(({ time }) => time)
    expect(told.length, face).toBeGreaterThan(0)
    // Midnight may pass during the request.
    expect([before, opens(...moments())], face).toContainEqual(told)
    expect(series.coin_id, face).toBe(id)
  }
  const { url } = await serving(platformOf(engines))
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'prices', coins: [coin] })
  expect(await live.next()).toMatchObject({ type: 'subscribed', coins: [id] })
})

/** The refusal of each interface. */
async function refusals({ coin, from, to }: Asked, status: number): Promise<Record<string, unknown>> {
  const { url } = await serving(platformOf(engines))
  const http = await getJson(`${url}/api/v1/candles?${new URLSearchParams({ coin, from, to })}`)
  expect(http.status).toBe(status)
  return {
    cli: failure(await cli('query', 'candles', coin, '--from', from, '--to', to, '--json')).message,
    http: (http.body as { detail: string }).detail,
    mcp: (await tools.refused('get_ohlcv_data', { coin, from, to })).replace(/^[A-Z_]+: |\.$/g, ''),
  }
}

test('an ambiguous ticker is refused everywhere, with the candidates and their ranks', async () => {
  const refusal = 'coin "TWN" is the ticker or name of 2 coins: larger-twin (rank 2), twin (rank 3); use an id'
  expect(await refusals({ coin: 'TWN', from: '-1d', to: 'now' }, 404)).toEqual({ cli: refusal, http: refusal, mcp: refusal })
  const { url } = await serving(platformOf(engines))
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'prices', coins: ['TWN'] })
  expect(await live.next('error')).toMatchObject({ error: { code: 'NOT_FOUND', message: refusal } })
  for (const path of ['coverage?coins=TWN', 'data-health?coin=TWN', 'prices/latest?coins=TWN', 'indicators/sma?coin=TWN'])
    expect(await getJson(`${url}/api/v1/${path}`), path).toMatchObject({ status: 404, body: { detail: refusal } })
  const backfill = ['backfill', 'TWN', '--from', '-1d', '--source', 'simulated', '--json']
  for (const args of [
    ['gaps', 'TWN', '--json'],
    ['query', 'health', 'TWN', '--json'],
    ['tail', '--coins', 'TWN', '--json'],
    backfill,
  ])
    expect(failure(await cli(...args)), args[0]).toMatchObject({ message: refusal })
})

test.each(['-', '-7', '7d', '-7D', '-1h1d', '-99999999d', 'tomorrow', '1769860800', '31.01.2026'])(
  '%s is refused as a time everywhere, with examples of valid times',
  async (from) => {
    const refusal = expect.stringMatching(/is not a time such as 2026-01-31, .*-7d, .*yesterday/)
    expect(await refusals({ coin: 'bitcoin', from, to: 'now' }, 400)).toEqual({ cli: refusal, http: refusal, mcp: refusal })
  },
)

test('tickers are understood by commands and routes that take several coins', async () => {
  const { url } = await serving(platformOf(engines))
  for (const path of ['coverage?coins=BTC,sol', 'data-health?coin=btc', 'prices/latest?coins=BTC']) {
    const { body } = await getJson(`${url}/api/v1/${path}`)
    const { items } = body as { items: { coin_id: string }[] }
    expect(new Set(items.map(({ coin_id }) => coin_id)), path).toEqual(
      new Set(path.includes('sol') ? ['bitcoin', 'SOL/USDT'] : ['bitcoin']),
    )
  }
  await appendPrices(engines.stream, priceOf('ethereum'), priceOf('bitcoin'))
  const tail = await cli('tail', 'price', '--coins', 'BTC', '--from', 'earliest', '--until-end')
  expect(tail.stdout).toMatch(/^\S+ {2}price {2}bitcoin .*\n$/)
})
