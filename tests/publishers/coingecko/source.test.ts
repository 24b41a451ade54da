import { expect, it } from 'vitest'
import { type Logger, nowMicros, type Price, type RecordBatch, silentLogger } from '../../../lib/src/base/types/index.ts'
import { CoinGeckoClient } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoClient.ts'
import { CoinGeckoSource } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoSource.ts'
import { config } from '../../../lib/src/publishers/sources/coingecko/config.ts'
import { coingecko } from '../../../lib/src/publishers/sources/coingecko/index.ts'
import { jobsOf } from '../../../lib/src/publishers/sources/coingecko/jobs.ts'
import { planCalls } from '../../../lib/src/publishers/sources/coingecko/schedule.ts'
import { sourceSuite } from '../../contracts/sourceSuite.ts'
import { type CoinGeckoServer, startCoinGeckoServer } from '../../support/coingeckoServer.ts'
import { describeWith } from '../../support/services.ts'
import { VirtualClock } from '../../support/virtualClock.ts'

describeWith('recorded-data', 'on recorded answers', () => {
  sourceSuite('coingecko', {
    batches: 5,
    async open(name) {
      const server = await startCoinGeckoServer()
      const source = await coingecko.open(config.parse({ base_url: server.url, calls_per_minute: 1000 }), {
        name,
        logger: silentLogger,
      })
      return { source, work: () => server.asked.length, dispose: server.close }
    },
    async openUnreachable(name) {
      const server = await startCoinGeckoServer()
      await server.close()
      return { source: await coingecko.open(config.parse({ base_url: server.url }), { name, logger: silentLogger }) }
    },
  })

  it('gives prices first, then all else that is due, such as the list of coins and the candles of the first coin', async () => {
    await using server = await startCoinGeckoServer()
    const before = nowMicros()
    await using source = await coingecko.open(config.parse({ base_url: server.url }), { name: 'coingecko', logger: silentLogger })
    const batches = await pull(source, 5)
    expect(batches.map((batch) => [batch.type.name, batch.records.length])).toEqual([
      ['price', 100],
      ['market_analytics', 1],
      ['trending', 8],
      ['instrument', 12_695],
      ['ohlcv', 42],
    ])
    expect(batches[0]?.records[0]).toMatchObject({
      coinId: 'bitcoin',
      source: 'coingecko',
      currency: 'usd',
      price: '16951.52',
      marketCap: '326407877229',
      volume24h: '10076421985',
      change24hPct: '0.14088',
      time: 1_673_196_580_132_000,
      origin: 'live',
    })
    for (const batch of batches) for (const record of batch.records) expect(record.receivedAt).toBeGreaterThanOrEqual(before)
    expect(batches[4]?.records[0]).toMatchObject({
      coinId: 'bitcoin',
      timeframe: '4h',
      time: Date.parse('2021-05-08T16:00:00Z') * 1000,
      isFinal: true,
    })
  })

  it('fetches configured coins in all currencies at once', async () => {
    await using server = await startCoinGeckoServer()
    const settings = config.parse({
      base_url: server.url,
      coins: ['ethereum', 'dogecoin', 'no-such-coin'],
      currencies: ['usd', 'eur'],
    })
    await using source = await coingecko.open(settings, { name: 'coingecko', logger: silentLogger })
    const [batch] = await pull(source, 1)
    expect(server.asked[0]?.query.get('ids')).toBe('ethereum,dogecoin,no-such-coin')
    const records = (batch as RecordBatch<Price>).records
    expect(records.map((r) => `${r.coinId} ${r.currency} ${r.price}`)).toEqual([
      'ethereum usd 1266.66',
      'ethereum eur 1266.66',
      'dogecoin usd 0.072038',
      'dogecoin eur 0.072038',
    ])
    // Said by the source: nothing is wrong with the answer.
    expect(batch?.rejected).toEqual([])
    expect(source.warnings).toMatchObject([
      {
        subject: 'coin no-such-coin',
        message: expect.stringMatching(/^CoinGecko knows no coin with the id no-such-coin; correct/),
      },
    ])
  })

  it('keeps order and pace of its plan over an hour, and the limit in every minute', async () => {
    await using server = await startCoinGeckoServer()
    const clock = new VirtualClock()
    const asked: { at: number; path: string }[] = []
    const { source, plan } = virtual(server, clock, { coins: ['bitcoin', 'ethereum'] }, (path) =>
      asked.push({ at: clock.now(), path }),
    )
    await clock.run(
      (async () => {
        for await (const _ of source) if (clock.now() > 3_600_000) break
      })(),
    )
    const count = (part: string) => asked.filter(({ path }) => path.includes(part)).length
    expect(plan.intervals.prices).toBe(60)
    expect(count('/simple/price')).toBeGreaterThanOrEqual(60)
    expect(count('/simple/price')).toBeLessThanOrEqual(62)
    expect(count('/global')).toBeGreaterThanOrEqual(12)
    expect(count('/ohlc')).toBeGreaterThanOrEqual(2)
    expect(count('/coins/list')).toBe(1)
    for (const { at } of asked) expect(asked.filter((ask) => ask.at >= at && ask.at < at + 60_000).length).toBeLessThanOrEqual(10)
  })

  it('survives a bad hour: errors are logged, retry-after is kept, and prices come again', async () => {
    await using server = await startCoinGeckoServer()
    const clock = new VirtualClock()
    const warnings: string[] = []
    const logger: Logger = { ...silentLogger, warn: (fields) => void warnings.push(String(fields.code)) }
    server.push(
      { status: 429, headers: { 'retry-after': '60' }, body: '{"status":{"error_code":429,"error_message":"slow down"}}' },
      { status: 503, body: '<html><title>503 Service Unavailable</title></html>' },
      { fault: 'drop' },
      { fault: 'truncate', body: '[{"id":"bitcoin","current_price":1' },
      { status: 500, body: '{"status":500,"error":"Internal Server Error"}' },
    )
    const { source } = virtual(server, clock, {}, undefined, logger)
    const batches = await clock.run(pull(source, 5))
    // Four tries of the prices failed: what else is due goes first, then they come.
    expect(batches.map((batch) => batch.type.name)).toEqual(['market_analytics', 'trending', 'instrument', 'price', 'ohlcv'])
    expect(warnings).toEqual(['RATE_LIMITED', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'])
    expect(clock.now()).toBeGreaterThan(60_000)
  })
})

it.each([
  [401, '{"status":{"error_code":10002,"error_message":"API Key Missing."}}', 'UNAUTHORIZED'],
  [422, '{"error":"Missing parameter vs_currency"}', 'BAD_REQUEST'],
  [403, '<html><head><title>Access denied | Cloudflare</title></head></html>', 'FORBIDDEN'],
])('throws what will not pass by itself: HTTP %i', async (status, body, code) => {
  await using server = await startCoinGeckoServer({ recordings: false, answer: () => ({ status, body }) })
  await using source = await coingecko.open(config.parse({ base_url: server.url }), { name: 'coingecko', logger: silentLogger })
  await expect(pull(source, 1)).rejects.toMatchObject({ code })
  expect(server.asked).toHaveLength(1)
})

it('goes on with prices if the candles of a coin are not available', async () => {
  const page = '[{"id":"a","current_price":1,"last_updated":"2026-01-01T00:00:00Z"}]'
  await using server = await startCoinGeckoServer({
    recordings: false,
    answer: ({ path }) => (path === '/coins/markets' ? { body: page } : { status: 404, body: '{"error":"coin not found"}' }),
  })
  const clock = new VirtualClock()
  const { source } = virtual(server, clock, {})
  const batches = await clock.run(pull(source, 3))
  expect(batches.map((batch) => batch.type.name)).toEqual(['price', 'price', 'price'])
  expect(server.asked.some(({ path }) => path === '/coins/a/ohlc')).toBe(true)
})

function virtual(
  server: CoinGeckoServer,
  clock: VirtualClock,
  input: object,
  onAsk?: (path: string) => void,
  logger: Logger = silentLogger,
) {
  const settings = config.parse({ base_url: server.url, ...input })
  const plan = planCalls(settings)
  const client = new CoinGeckoClient({
    baseUrl: server.url,
    clock,
    logger,
    callsPerMinute: plan.callsPerMinute,
    fetch: (url, init) => {
      onAsk?.(new URL(String(url)).pathname)
      return fetch(url, init)
    },
  })
  return { plan, source: new CoinGeckoSource({ client, jobs: jobsOf(client, settings, plan), logger, clock }) }
}

async function pull(source: AsyncIterable<RecordBatch>, count: number): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for await (const batch of source) if (batches.push(batch) === count) break
  return batches
}
