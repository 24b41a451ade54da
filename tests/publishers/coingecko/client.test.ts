import { describe, expect, it } from 'vitest'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { CoinGeckoClient, type CoinGeckoClientOptions } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoClient.ts'
import { type CoinGeckoServer, type Reply, startCoinGeckoServer } from '../../support/coingeckoServer.ts'
import { VirtualClock } from '../../support/virtualClock.ts'

const KEY = 'CG-secretKey1234567890'
const PRICE =
  '{"bitcoin":{"usd":123456789012345.12345678,"usd_24h_change":5.6e-11,"usd_market_cap":null,"last_updated_at":1779092258}}'
const ask = { ids: ['bitcoin'], currencies: ['usd'] }

const open = (server: CoinGeckoServer, options: CoinGeckoClientOptions = {}) =>
  new CoinGeckoClient({ baseUrl: server.url, ...options })
const serving = (answer: (path: string) => Reply = () => ({ body: PRICE })) =>
  startCoinGeckoServer({ recordings: false, answer: ({ path }) => answer(path) })

describe('digits', () => {
  it('keeps every digit through the SDK', async () => {
    await using server = await serving()
    const { records, rejected } = await open(server).getPrices(ask)
    expect(records).toMatchObject([
      { price: '123456789012345.12345678', change24hPct: '0.000000000056', time: 1_779_092_258_000_000 },
    ])
    expect(records[0]).not.toHaveProperty('marketCap')
    expect(rejected).toEqual([])
  })
})

describe('requests', () => {
  it.each([
    [{}, undefined, undefined],
    [{ apiKey: KEY }, KEY, undefined],
    [{ apiKey: KEY, plan: 'demo' }, KEY, undefined],
    [{ apiKey: KEY, plan: 'pro' }, undefined, KEY],
    [{ apiKey: KEY, plan: 'keyless' }, undefined, undefined],
  ] as const)('%j sends the key in the header of its plan', async (options, demo, pro) => {
    await using server = await serving()
    await open(server, options).getPrices(ask)
    const { headers, query } = server.asked[0] as (typeof server.asked)[0]
    expect(headers['x-cg-demo-api-key']).toBe(demo)
    expect(headers['x-cg-pro-api-key']).toBe(pro)
    expect(query.toString()).not.toContain(KEY)
  })

  it('calls the address of its plan by default', () => {
    expect(new CoinGeckoClient().baseUrl).toBe('https://api.coingecko.com/api/v3')
    expect(new CoinGeckoClient({ plan: 'pro', apiKey: KEY }).baseUrl).toBe('https://pro-api.coingecko.com/api/v3')
    expect(() => new CoinGeckoClient({ plan: 'pro' })).toThrow(/set api_key/)
  })

  it('never sends ids with spaces around them, and splits long lists', async () => {
    await using server = await serving(() => ({ body: '{}' }))
    const ids = Array.from({ length: 400 }, (_, i) => `some-coin-${i}`)
    const { rejected } = await open(server, { callsPerMinute: 100 }).getPrices({
      ids: [' bitcoin, ethereum ', '1move token', ...ids],
      currencies: ['usd ', 'eur'],
    })
    const sent = server.asked.flatMap(({ query }) => (query.get('ids') ?? '').split(','))
    expect(sent).toEqual(['bitcoin', 'ethereum', '1move token', ...ids])
    expect(server.asked.length).toBeGreaterThan(3)
    for (const { query } of server.asked) expect(query.get('vs_currencies')).toBe('usd,eur')
    for (const { query } of server.asked) expect(query.toString().length).toBeLessThan(2000)
    expect(rejected).toHaveLength(403)
    await expect(open(server).getPrices({ ids: [' ', ','], currencies: ['usd'] })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      field: 'ids',
    })
  })
})

describe('failures', () => {
  const failing: readonly (readonly [string, Reply, string])[] = [
    ['a dropped connection', { fault: 'drop' }, 'UNAVAILABLE'],
    ['a body cut short', { fault: 'truncate', body: PRICE }, 'UNAVAILABLE'],
    ['a body that ends early', { body: PRICE.slice(0, 40) }, 'BAD_DATA'],
    ['a page instead of JSON', { body: '<html>please log in</html>' }, 'BAD_DATA'],
    ['an empty body', { body: '' }, 'BAD_DATA'],
    ['a list instead of an object', { body: '[]' }, 'BAD_DATA'],
    ['an error with status 200', { body: '{"status":{"error_code":429,"error_message":"slow down"}}' }, 'RATE_LIMITED'],
    ['no answer in time', { after: new Promise(() => {}) }, 'TIMEOUT'],
    ['a redirect to nowhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'UNAVAILABLE'],
    ['a key echoed', { status: 401, body: `{"error":"the key ${KEY} is wrong"}` }, 'UNAUTHORIZED'],
    ['a key echoed in a page', { status: 500, body: `<html>${KEY}</html>` }, 'UNAVAILABLE'],
    ['a key echoed for an answer', { body: `"${KEY} ` }, 'BAD_DATA'],
    ['a key echoed where the message is cut', { body: `${'x'.repeat(70)}${KEY}` }, 'BAD_DATA'],
  ]

  it.each(failing)('%s is classified, and never shows the key', async (_, reply, code) => {
    await using server = await serving(() => reply)
    const error = await open(server, { apiKey: KEY, attempts: 1, timeoutMs: code === 'TIMEOUT' ? 300 : 60_000 })
      .getPrices(ask)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(QiError)
    expect(error).toMatchObject({ code })
    for (let at: unknown = error; at instanceof Error; at = at.cause)
      expect(`${at.message} ${at.stack} ${JSON.stringify(at)}`).not.toContain(KEY)
  })

  it('an unreachable server is named, with the reason', async () => {
    const server = await serving()
    await server.close()
    await expect(open(server, { attempts: 1 }).ping()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('a key that no header can hold is refused, and not shown', () => {
    for (const apiKey of [`${KEY}\n`, `${KEY} ${KEY}`, '\u20ac'])
      expect(() => new CoinGeckoClient({ apiKey })).toThrow(/^the key of CoinGecko holds a character that no key has$/)
  })
})

describe('limits', () => {
  it('all callers of the client wait for retry-after', async () => {
    await using server = await serving()
    const clock = new VirtualClock()
    const client = open(server, { clock })
    server.push({ status: 429, headers: { 'retry-after': '45' }, body: '' })
    const first = client.getPrices(ask)
    await server.reached(1)
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
    const second = client.ping()
    await clock.run(Promise.all([first, second]))
    // One of the two probes; the other waits until it is known how that went.
    expect(clock.now()).toBe(60_000)
    expect(server.asked).toHaveLength(3)
  })

  it('keeps the limit of the plan in every 60 s', async () => {
    await using server = await serving()
    const clock = new VirtualClock()
    const at: number[] = []
    const counting: typeof fetch = (url, init) => {
      at.push(clock.now())
      return fetch(url, init)
    }
    const client = open(server, { clock, fetch: counting })
    await clock.run(Promise.all(Array.from({ length: 35 }, () => client.getPrices(ask))))
    expect(at).toHaveLength(35)
    for (const t of at) expect(at.filter((other) => other >= t && other < t + 60_000).length).toBeLessThanOrEqual(10)
    expect(clock.now()).toBe(3 * 61_000)
  })

  it('can be aborted while it waits for a permit, a retry or an answer', async () => {
    await using server = await serving(() => ({ status: 503 }))
    const clock = new VirtualClock()
    const waiting = new AbortController()
    const retrying = open(server, { clock }).getPrices(ask, { signal: waiting.signal })
    await server.reached(1)
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
    waiting.abort()
    await expect(retrying).rejects.toMatchObject({ code: 'CANCELLED' })

    const full = open(server, { clock, callsPerMinute: 1, attempts: 1 })
    await expect(full.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const queued = new AbortController()
    const permit = full.ping({ signal: queued.signal })
    queued.abort()
    await expect(permit).rejects.toMatchObject({ code: 'CANCELLED' })

    server.push({ after: new Promise(() => {}) })
    const hanging = new AbortController()
    const before = server.asked.length
    const answer = open(server).ping({ signal: hanging.signal })
    await server.reached(before + 1)
    hanging.abort()
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('gives up after the configured tries, and at once if no retry can help', async () => {
    await using server = await serving((path) => (path === '/ping' ? { status: 500 } : { status: 404 }))
    const clock = new VirtualClock()
    const client = open(server, { clock, attempts: 3 })
    await expect(clock.run(client.ping())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(server.asked).toHaveLength(3)
    await expect(client.trending()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(server.asked).toHaveLength(4)
  })
})
