import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nowMicros, type Ohlcv, type ProviderTerms, type Trade, termsText } from '../../lib/src/base/types/index.ts'
import { marketBreadths } from '../../lib/src/consumers/agents/analytics/market.ts'
import { config as analyticsSettings } from '../../lib/src/consumers/agents/analytics/settings.ts'
import { largestCoins } from '../../lib/src/mcp-tools/bindings/largestCoins.ts'
import { TimescaleDBMCPWrapper } from '../../lib/src/mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { DirectCaller } from '../../lib/src/mcp-tools/server/DirectCaller.ts'
import type { Snapshot } from '../../lib/src/publishers/agents/shared/report.ts'
import { marketSettings } from '../../lib/src/publishers/agents/shared/settings.ts'
import { snapshotOf } from '../../lib/src/publishers/agents/shared/snapshot.ts'
import { binance } from '../../lib/src/publishers/sources/binance/index.ts'
import { loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { type LinkedTools, linkedTools } from '../mcp-tools/consumer/linked.ts'
import { testDatabase } from '../support/database.ts'
import { coinIdOf, storeVenues, VENUE_PAIRS, venueRecords } from '../support/venueRecords.ts'
import { makeProject, type Project } from './cli/project.ts'
import { document, failure, qicore } from './cli/qicore.ts'
import { type Engines, getJson, openEngines, platformOf, serving } from './server/served.ts'

const { url: database } = await testDatabase()
const records = venueRecords(nowMicros())
const PAIR = 'BTC/USDT'
const MINUTE = 60_000_000
const DAY = 1440 * MINUTE
const ofPair = <R extends { readonly coinId: string }>(some: readonly R[]) => some.filter(({ coinId }) => coinId === PAIR)

let project: Project
let engines: Engines
let tools: LinkedTools
beforeAll(async () => {
  project = await makeProject('venues')
  engines = await openEngines(database)
  tools = await linkedTools(database)
  await storeVenues(engines.store, records)
  await storeDayBefore()
})
afterAll(async () => {
  await tools?.[Symbol.asyncDispose]()
  await engines?.[Symbol.asyncDispose]()
  await project?.[Symbol.asyncDispose]()
})

/** BTC/USDT and ETH/USDT of binance cost a tenth less and a tenth more a day ago, by a bar; BTC/EUR of kraken the same, by a trade. */
async function storeDayBefore(): Promise<void> {
  const lastOf = (coin: string, from: string) =>
    records.trades.findLast(({ coinId, source }) => coinId === coin && source === from) as Trade
  const times = (last: Trade, factor: string) => String(Number(last.price) * Number(factor)) as Trade['price']
  const bar = (last: Trade, factor: string): Ohlcv => {
    const figure = times(last, factor)
    const time = Math.floor((last.time - DAY) / MINUTE) * MINUTE - MINUTE
    const { coinId, source, currency } = last
    const of = { coinId, source, currency, time, receivedAt: time + MINUTE, origin: 'live', timeframe: '1m' } as const
    return { ...of, open: figure, high: figure, low: figure, close: figure, volume: figure, isFinal: true, builtFrom: 'provider' }
  }
  const euro = lastOf('BTC/EUR', 'kraken')
  const { dsl } = engines.store
  await dsl.storeOHLCV([bar(lastOf(PAIR, 'binance'), '0.8'), bar(lastOf('ETH/USDT', 'binance'), '1.25')])
  await dsl.storeTrades([{ ...euro, time: euro.time - DAY - MINUTE, tradeId: '7', sequence: 7 }])
}

const cli = (...args: string[]) => qicore(args, { cwd: project.cwd, env: { DATABASE_URL: database } })
const get = async (path: string) => {
  const { url } = await serving(platformOf(engines))
  return getJson(url + path)
}

interface Spreads {
  readonly venues: readonly { readonly source: string; readonly spread: string }[]
  readonly best: readonly { readonly difference: string }[]
}

/** Without what depends on the moment of the call. */
const settled = (found: unknown): unknown =>
  JSON.parse(JSON.stringify(found), (key, value) => (key === 'age_seconds' ? undefined : value))

describe('records of exchanges, without any price record', () => {
  it('trades are shown with every digit, the latest of the range, oldest first', async () => {
    const { items } = document<{ items: { sequence: number; price: string }[] }>(
      await cli('query', 'trades', 'BTC/USDT', '--source', 'binance', '--limit', '3', '--json'),
    )
    const last = ofPair(records.trades)
      .filter(({ source }) => source === 'binance')
      .slice(-3)
    expect(items.map(({ sequence, price }) => [sequence, price])).toEqual(last.map(({ sequence, price }) => [sequence, price]))
    const shown = await cli('query', 'trades', 'xbtusdt', '--limit', '2')
    expect(shown.stdout).toMatch(/^TIME +COIN +SOURCE +SIDE +PRICE +CURRENCY +AMOUNT +TRADE ID +ORIGIN\n.*BTC\/USDT/)
    expect(shown.stderr).toContain('the latest 2; raise --limit')
    const csv = await cli('query', 'trades', PAIR, '--from', '-1d', '--limit', '1000', '--csv')
    expect(csv.stdout.trim().split('\r\n')).toHaveLength(1 + ofPair(records.trades).length)
  })

  it('quotes are shown, and an empty range is told from an unknown coin', async () => {
    const shown = await cli('query', 'quotes', PAIR, '--source', 'kraken', '--limit', '1')
    expect(shown.stdout).toMatch(/BID +BID SIZE +ASK +ASK SIZE +CURRENCY/)
    const empty = await cli('query', 'quotes', PAIR, '--from', '2020-01-01', '--to', '2020-01-02')
    expect([empty.code, empty.stdout, empty.stderr]).toEqual([0, '', expect.stringContaining('no quote in that range')])
    expect(failure(await cli('query', 'quotes', 'NO/NE', '--json'))).toMatchObject({ code: 'NOT_FOUND' })
    const reversed = await cli('query', 'trades', PAIR, '--from', '-1m', '--to', '-5m', '--json')
    expect(failure(reversed)).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('must be before') })
  })

  it('the spread is the same in CLI, HTTP and MCP', async () => {
    const http = await get('/api/v1/spreads?coin=BTC/USDT&max_age=86400')
    expect(http.status).toBe(200)
    const { venues, best } = http.body as Spreads
    expect(venues).toMatchObject([
      { source: 'binance', spread: '0.1' },
      { source: 'kraken', spread: '0.1' },
    ])
    expect(best).toHaveLength(1)
    expect(settled(document(await cli('query', 'spread', PAIR, '--max-age', '86400', '--json')))).toEqual(settled(http.body))
    const tool = await tools.call<Spreads>('get_spreads', { coin: 'BTC/USDT', max_age: 86400 })
    expect(settled(tool.best)).toEqual(settled(best))
    expect((await get('/api/v1/spreads?coin=BTC%2FUSDT')).status).toBe(200)
    const { detail } = (await get('/api/v1/spreads?coin=BTC')).body as { detail: string }
    expect(detail).toContain('BTC/USD at coinbase and kraken')
    const people = await cli('query', 'spread', 'BTC', '--like', '--max-age', '86400')
    expect(people.stdout).toMatch(
      /best in USD and USDT: bid [\d.]+ at \w+, ask [\d.]+ at \w+; bid - ask -?[\d.]+ \(-?[\d.]+ bps\)/,
    )
    const stale = await cli('query', 'spread', PAIR, '--max-age', '0.001')
    expect(stale.stdout).toMatch(/binance .* stale/)
    expect(stale.stderr).toContain('left out of the best')
    const csv = await cli('query', 'spread', PAIR, '--csv')
    expect(csv.stdout).toMatch(/^section,coin_id,source,.*\r\nvenues,BTC\/USDT,binance,/)
  })

  it('the comparison of sources is the same in CLI, HTTP and MCP', async () => {
    const asked = { coin: 'BTC', like: true, timeframe: '1m', limit: 60 } as const
    const http = await get('/api/v1/compare?coin=BTC&like=true&timeframe=1m&limit=60')
    expect(http.status).toBe(200)
    const { series, pairs } = http.body as { series: { source: string }[]; pairs: { candles: number; difference?: string }[] }
    expect(series.map(({ source }) => source).sort()).toEqual(['binance', 'coinbase', 'kraken', 'kraken', 'kraken'])
    // The open candle is not compared; it closes if the minute of the records ends during the test.
    expect(pairs).toHaveLength(3)
    for (const { candles } of pairs) expect([59, 60]).toContain(candles)
    for (const { difference } of pairs) expect(difference).toMatch(/^-?[\d.]+$/)
    const shown = await cli('query', 'compare', 'BTC', '--like', '--timeframe', '1m', '--limit', '60', '--json')
    expect(settled(document(shown))).toEqual(settled(http.body))
    const tool = await tools.call<{ pairs: unknown }>('compare_sources', asked)
    expect(settled(tool.pairs)).toEqual(settled(pairs))
    const people = await cli('query', 'compare', 'BTC', '--like', '--timeframe', '1m')
    expect(people.stdout).toMatch(/MEDIAN BPS +GREATEST/)
    const csv = await cli('query', 'compare', 'BTC', '--like', '--csv')
    expect(csv.stdout).toMatch(/^section,coin_id,source,.*\r\nseries,BTC\//)
    const alone = await cli('query', 'compare', 'SOL/USDT')
    expect(alone.stderr).toContain('nothing to compare')
  })

  it('the market has breadth and movers of trades and bars, in the currency of the pair, in CLI, HTTP and MCP', async () => {
    const http = await get('/api/v1/market/summary')
    expect(http.status).toBe(200)
    expect(http.body).toMatchObject({
      simulated: false,
      analytics: [],
      breadth: [
        { source: 'binance', currency: 'USDT', coins: 4, advancers: 1, decliners: 1, unchanged: 0, mean_change_24h_pct: 2.5 },
        { source: 'coinbase', currency: 'USD', coins: 2, advancers: 0, decliners: 0, unchanged: 0 },
        { source: 'kraken', currency: 'EUR', coins: 1, advancers: 0, decliners: 0, unchanged: 1, mean_change_24h_pct: 0 },
        { source: 'kraken', currency: 'USD', coins: 1 },
        { source: 'kraken', currency: 'USDT', coins: 1 },
      ],
      gainers: [{ coin_id: PAIR, source: 'binance', currency: 'USDT', change_24h_pct: '25', built_from: 'trades' }],
      losers: [{ coin_id: 'ETH/USDT', source: 'binance', currency: 'USDT', change_24h_pct: '-20', built_from: 'trades' }],
    })
    expect(document(await cli('query', 'summary', '--json'))).toEqual(http.body)
    expect((await cli('query', 'summary')).stdout).toMatch(/BTC\/USDT +\+?25\.?0* .*USDT +binance/)
    const tool = await tools.call('get_market_summary', { sources: ['binance'] })
    expect(tool).toMatchObject({ breadth: [{ currency: 'USDT', coins: 4 }], gainers: [{ coin_id: PAIR, change_24h_pct: '25' }] })
    const sentiment = await tools.call('market_sentiment', {})
    expect(sentiment).toMatchObject({ score: 50, inputs: { advancers: 1, decliners: 1, unchanged: 1 }, parts: { breadth: 0 } })
  })

  it('a slash in an id survives every address', async () => {
    for (const coin of ['BTC/USDT', 'BTC%2FUSDT', 'BTC/USDT:USDT', 'BTC%2FUSDT%3AUSDT', 'btc/usdt', 'XXBTZEUR'])
      for (const path of [
        'prices/latest?coins=',
        'trades?limit=1&coin=',
        'candles?timeframe=1m&limit=1&coin=',
        'indicators/sma?timeframe=1m&coin=',
      ])
        expect((await get(`/api/v1/${path}${coin}`)).status, path + coin).toBe(200)
    expect(await get('/api/v1/prices?coin=BTC/USDT')).toMatchObject({
      status: 404,
      body: { detail: expect.stringMatching(/stored of it: ohlcv, quote, trade at binance/) },
    })
  })

  it.each([
    ['get_current_price', {}],
    ['get_latest_prices', { coins: [PAIR] }],
    ['technical_analysis', { timeframe: '1m' }],
    ['calculate_sma', { timeframe: '1m' }],
    ['detect_price_anomalies', { timeframe: '1m' }],
    ['get_ohlcv_data', { timeframe: '15m' }],
    ['get_data_health', {}],
    ['timeseries_query', { query: 'trades', arguments: { coin: PAIR } }],
  ])('%s answers of a pair, from its exchanges', async (tool, input) => {
    const asked = tool === 'get_latest_prices' || tool === 'timeseries_query' ? input : { coin: PAIR, ...input }
    const { refused, text } = await tools.ask(tool, asked)
    expect(refused, text).toBe(false)
    expect(text).toMatch(/BTC\/USDT/)
    expect(text).toMatch(/source: .*binance/)
  })

  it('a watch list takes pairs, with their source too, and each has its own currency', async () => {
    const store = new TimescaleDBMCPWrapper(new DirectCaller({ handles: () => tools.platform.toolHandles })).verbs
    const settings = marketSettings.parse({ timeframe: '1m' })
    const { signal } = new AbortController()
    const seen = (entry: string, more: object = {}) => snapshotOf(store, entry, { ...settings, ...more }, signal)
    expect(await seen('kraken:BTC/USDT')).toMatchObject({ coin: PAIR, source: 'kraken', currency: 'USDT' })
    const { sources } = (await seen('kraken:BTC/USDT')) as Snapshot
    expect(new Set(sources.map(({ other }) => `${other.coin_id} at ${other.source}`))).toEqual(
      new Set(['BTC/USDT at binance', 'BTC/USD at coinbase', 'BTC/USD at kraken']),
    )
    for (const { difference_bps } of sources) expect(Math.abs(difference_bps as number)).toBeLessThan(20)
    expect(await seen('BTC/USDT:USDT')).toMatchObject({ coin: 'BTC/USDT:USDT', source: 'binance', currency: 'USDT' })
    expect(await seen('BTC/EUR')).toMatchObject({ source: 'kraken', currency: 'EUR' })
    expect(await seen('coinbase:BTC/USDT')).toEqual({ coin: PAIR, missing: 'nothing is stored from coinbase' })
    expect(await largestCoins(store, { currency: 'usd', top: 2 }, signal)).toEqual(['BTC/EUR', 'BTC/USD'])
  })

  it('the breadth of the analytics agent is of each currency by itself, and says which', async () => {
    const owners = VENUE_PAIRS.map((pair) => ({
      ...{ coinId: coinIdOf(pair), source: pair.source, currency: pair.quote },
      ...{ timeframe: '1m' as const, simulated: false },
    }))
    const found = await marketBreadths(engines.store, owners, analyticsSettings.parse({ timeframe: '1m', points: 5 }))
    expect(found.map(({ owner, report }) => [owner.currency, report.currency, report.coins])).toEqual([
      ['USDT', 'USDT', 4],
      ['USD', 'USD', 2],
    ])
  })

  it('an instrument names the terms of its provider, in JSON beside the rows, elsewhere in a column, and in MCP', async () => {
    const { config } = loadConfig({ cwd: project.cwd, env: {} })
    const { url } = await serving({ ...platformOf(engines), config })
    const path = `${url}/api/v1/instruments?search=BTC/USDT&source=binance&limit=1`
    const terms = binance.terms as ProviderTerms
    expect((await getJson(path)).body).toMatchObject({ items: [{ coin_id: PAIR }], terms: { binance: terms } })
    const line = (await (await fetch(`${path}&format=ndjson`)).json()) as { coin_id: string; terms: string }
    expect(line).toMatchObject({ coin_id: PAIR, terms: termsText(terms) })
    const [head = '', row = ''] = (await (await fetch(`${path}&format=csv`)).text()).split('\r\n')
    expect(head).toMatch(/,terms$/)
    expect(row).toContain(termsText(terms))
    const bytes = await (await fetch(`${path}&format=parquet`)).arrayBuffer()
    expect(
      await parquetReadObjects({ file: bytes, compressors: { ZSTD: (packed) => zstdDecompressSync(packed) } }),
    ).toMatchObject([{ coin_id: PAIR, terms: termsText(terms) }])
    expect((await cli('find', PAIR, '--source', 'binance', '--csv')).stdout).toContain(termsText(terms))
    const { contents } = await tools.client.readResource({ uri: 'qicore://instruments' })
    const listed = JSON.parse((contents[0] as { readonly text: string }).text) as { items: object[]; terms: object }
    expect(listed).toMatchObject({ more: false, terms: { binance: terms } })
    expect(listed.items).toHaveLength(records.instruments.length)
    expect(await tools.call('stream_crypto_data', { action: 'list', source: 'binance' })).toMatchObject({
      publishers: [{ source: 'binance', terms: termsText(terms) }],
    })
  })

  it('pairs correlate', async () => {
    const found = await tools.call('correlation', { coins: [PAIR, 'ETH/USDT', 'XXBTZEUR'], timeframe: '1m' })
    expect(found).toMatchObject({
      series: [{ coin_id: PAIR }, { coin_id: 'ETH/USDT' }, { coin_id: 'BTC/EUR', source: 'kraken' }],
    })
  })
})
