import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { RecordBatch } from '../../../lib/src/base/types/index.ts'
import { CoinGeckoClient } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoClient.ts'
import { CoinGeckoSource } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoSource.ts'
import { config } from '../../../lib/src/publishers/sources/coingecko/config.ts'
import { jobsOf } from '../../../lib/src/publishers/sources/coingecko/jobs.ts'
import { planCalls } from '../../../lib/src/publishers/sources/coingecko/schedule.ts'
import { recordingLogger } from '../../app/server/served.ts'
import { VirtualClock } from '../../support/virtualClock.ts'

type Answer = { readonly status?: number; readonly body: unknown }

/** In milliseconds: those of more importance leave room for the others. */
const PAUSES = { prices: 40, market: 20, trending: 1, instruments: 1, ohlc: 1 }

/** A source whose provider answers by path. Its time is virtual: on a slow machine, the important jobs would be due all the time. */
async function sourceOf(settings: Record<string, unknown>, answer: (path: string, query: URLSearchParams) => Answer) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
    const { status = 200, body } = answer(pathname, searchParams)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const clock = new VirtualClock()
  const client = new CoinGeckoClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callsPerMinute: 100_000,
    attempts: 1,
    clock,
  })
  const parsed = config.parse(settings)
  const jobs = jobsOf(client, parsed, planCalls(parsed)).map((job) => ({ ...job, intervalMs: () => PAUSES[job.name] }))
  const logger = recordingLogger()
  const source = new CoinGeckoSource({ client, jobs, logger, clock })
  onTestFinished(() => source.close())
  const iterator = source[Symbol.asyncIterator]()
  return {
    source,
    told: () => logger.lines.map(({ message }) => message),
    next: async (): Promise<RecordBatch> => (await clock.run(iterator.next())).value as RecordBatch,
  }
}

const ONLY_PRICES = { intervals: { market: 0, trending: 0, instruments: 0, ohlc: 0 } }
const REMEDY = '; correct or remove it under coingecko in qicore.yaml, the others go on'

test('unknown coins, and coins without prices, are logged once, and again when they are back; the others go on', async () => {
  let back = false
  const priced = { usd: 64000.5, last_updated_at: 1795900000 }
  const coins = ['bitcoin', 'old-renamed-coin', 'emptied-coin']
  const { source, told, next } = await sourceOf({ coins, ...ONLY_PRICES }, () => ({
    body: { bitcoin: priced, 'emptied-coin': {}, ...(back && { 'old-renamed-coin': priced }) },
  }))
  for (let round = 0; round < 10; round++) {
    const { records, rejected } = await next()
    expect(records.map(({ coinId }) => coinId)).toEqual(['bitcoin'])
    expect(rejected).toEqual([])
  }
  expect(told()).toEqual([
    `CoinGecko gives no prices of the coin emptied-coin${REMEDY}`,
    `CoinGecko knows no coin with the id old-renamed-coin${REMEDY}`,
  ])
  expect(source.warnings.map(({ subject }) => subject)).toEqual(['coin emptied-coin', 'coin old-renamed-coin'])
  back = true
  await next()
  await next()
  expect(told().slice(2)).toEqual(['CoinGecko has coin old-renamed-coin now'])
  back = false
  await next()
  await next()
  expect(told().slice(3)).toEqual([`CoinGecko knows no coin with the id old-renamed-coin${REMEDY}`])
})

test('a currency without any price is logged once, not for each coin', async () => {
  const coins = ['bitcoin', 'ethereum']
  const entry = { usd: 1, last_updated_at: 1795900000 }
  const { told, next } = await sourceOf({ coins, currencies: ['usd', 'xyz'], ...ONLY_PRICES }, () => ({
    body: { bitcoin: entry, ethereum: entry },
  }))
  for (let round = 0; round < 3; round++) expect(await next()).toMatchObject({ records: [{}, {}], rejected: [] })
  expect(told()).toEqual([`CoinGecko gives no prices in the currency xyz${REMEDY}`])
})

test('one unknown currency of several is left out; a single unknown currency is a final failure', async () => {
  const market = [
    {
      id: 'bitcoin',
      current_price: 1,
      last_updated: '2026-01-01T00:00:00Z',
      market_cap: 1,
      total_volume: 1,
      price_change_percentage_24h: 1,
    },
  ]
  const answer = (_: string, query: URLSearchParams): Answer =>
    query.get('vs_currency') === 'xyz' ? { status: 422, body: { error: 'invalid vs_currency' } } : { body: market }
  const several = await sourceOf({ top: 1, currencies: ['xyz', 'usd'], ...ONLY_PRICES }, answer)
  for (let round = 0; round < 3; round++) expect((await several.next()).records).toMatchObject([{ currency: 'usd' }])
  expect(several.told()).toEqual([expect.stringMatching(/invalid vs_currency.*the others go on$/)])
  const one = await sourceOf({ top: 1, currencies: ['xyz'], ...ONLY_PRICES }, answer)
  await expect(one.next()).rejects.toMatchObject({ code: 'BAD_REQUEST', retryable: false })
})

test('market figures and candles that CoinGecko does not have are logged once too', async () => {
  const settings = { coins: ['bitcoin'], currencies: ['usd', 'xyz'], intervals: { trending: 0, instruments: 0 } }
  const totals = { usd: 1 }
  const { source, told, next } = await sourceOf(settings, (path) => {
    if (path.endsWith('/global'))
      return {
        body: {
          data: {
            active_cryptocurrencies: 1,
            markets: 1,
            total_market_cap: totals,
            total_volume: totals,
            market_cap_percentage: { btc: 50, eth: 10 },
            updated_at: 1795900000,
          },
        },
      }
    if (path.endsWith('/ohlc')) return { status: 404, body: { error: 'coin not found' } }
    return { body: { bitcoin: { usd: 1, last_updated_at: 1795900000 } } }
  })
  const unknown = ['currency xyz', 'market figures in xyz', 'candles of bitcoin in usd', 'candles of bitcoin in xyz']
  for (let round = 0; source.warnings.length < unknown.length && round < 100; round++) expect((await next()).rejected).toEqual([])
  expect(source.warnings.map(({ subject }) => subject).toSorted()).toEqual(unknown.toSorted())
  for (let round = 0; round < 5; round++) await next()
  expect(told()).toHaveLength(unknown.length)
  expect(told()).toContainEqual(
    expect.stringMatching(/^CoinGecko does not have candles of bitcoin in usd: .*HTTP 404.*others go on$/),
  )
})
