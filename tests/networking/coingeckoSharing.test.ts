import { expect, test } from 'vitest'
import { type RateLimits, silentLogger } from '../../lib/src/base/types/index.ts'
import { CoinGeckoClient } from '../../lib/src/publishers/sources/coingecko/CoinGeckoClient.ts'
import { coingecko } from '../../lib/src/publishers/sources/coingecko/index.ts'
import { startEndpoint } from './servers.ts'

const PRICE = '{"bitcoin":{"usd":64000.5,"last_updated_at":1779092258}}'
const ask = { ids: ['bitcoin'], currencies: ['usd'] }

const budget = async () => ({ limit: 30, windowMs: 61_000, free: 30, penaltyMs: 0 })

test('several addresses are fallbacks of each other, and every call at each of them has its permit', async () => {
  const endpoints = [await startEndpoint(() => PRICE), await startEndpoint(() => PRICE)]
  const permits: number[] = []
  const rateLimit = { acquire: async (weight: number) => void permits.push(weight), penalize: () => {}, budget }
  const client = new CoinGeckoClient({ baseUrl: endpoints.map(({ url }) => url), rateLimit, attempts: 1 })
  for (let i = 0; i < 4; i++) await client.getPrices(ask)
  expect(endpoints.map(({ asked }) => asked)).toEqual([2, 2])

  await endpoints[0]!.stop()
  for (let i = 0; i < 6; i++) expect((await client.getPrices(ask)).records[0]?.price).toBe('64000.5')
  expect(endpoints[1]!.asked).toBe(8)
  expect(permits.length).toBe(4 + 6 + 3) // three of the six were tried at the one that is gone first
})

test('the source takes its limit from the platform, by its key', async () => {
  const endpoint = await startEndpoint(() => '{"gecko_says":"hello"}')
  const asked: (readonly [string, RateLimits])[] = []
  let acquired = 0
  const rateLimit = (key: string, limits: RateLimits) => {
    asked.push([key, limits])
    return { acquire: async () => void acquired++, penalize: () => {}, budget }
  }
  for (const api_key of [undefined, 'CG-key']) {
    const settings = coingecko.config.parse({ base_url: endpoint.url, api_key })
    await using source = await coingecko.open(settings, { name: 'coingecko', logger: silentLogger, rateLimit })
    expect(await source.check()).toMatchObject({ ok: true })
  }
  expect(asked).toEqual([
    ['keyless', { service: 'CoinGecko', limit: 10 }],
    ['CG-key', { service: 'CoinGecko', limit: 30 }],
  ])
  expect(acquired).toBe(2)
})

test('base_url is one address, several with commas between, or a list', () => {
  const urls = (base_url: unknown) => coingecko.config.safeParse({ base_url })
  expect(urls('http://one').data?.base_url).toEqual(['http://one'])
  expect(urls('http://one, https://two/api/v3,').data?.base_url).toEqual(['http://one', 'https://two/api/v3'])
  expect(urls(['http://one', 'http://two']).data?.base_url).toEqual(['http://one', 'http://two'])
  for (const wrong of ['', 'one', 'http://one,two', 'http://me:secret@one', []]) expect(urls(wrong).success).toBe(false)
  expect(coingecko.config.parse({}).base_url).toBeUndefined()
})
