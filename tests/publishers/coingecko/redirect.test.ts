import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { QiError, silentLogger } from '../../../lib/src/base/types/index.ts'
import { CoinGeckoClient } from '../../../lib/src/publishers/sources/coingecko/CoinGeckoClient.ts'
import { coingecko } from '../../../lib/src/publishers/sources/coingecko/index.ts'

const KEY = 'CG-SECRETKEY1234567890abcd'
const PRICE = '{"bitcoin":{"usd":666,"last_updated_at":1779092258}}'

async function server(answer: RequestListener, host = '127.0.0.1'): Promise<string> {
  const made = createServer(answer).listen(0, host)
  await once(made, 'listening')
  onTestFinished(() => {
    made.close()
    made.closeAllConnections()
  })
  return `http://${host}:${(made.address() as AddressInfo).port}`
}

describe('an API that redirects to another host', () => {
  test.each(['demo', 'pro'] as const)(
    'gets no key of the %s plan sent there, and nothing of what is there counts',
    async (plan) => {
      const reached: string[] = []
      const other = await server((request, response) => {
        reached.push(request.url ?? '')
        response.writeHead(200, { 'content-type': 'application/json' }).end(PRICE)
      })
      const api = await server((request, response) => response.writeHead(302, { location: `${other}${request.url}` }).end())
      const client = new CoinGeckoClient({ plan, apiKey: KEY, baseUrl: `${api}/api/v3`, attempts: 1 })
      const calls = [
        () => client.getPrices({ ids: ['bitcoin'], currencies: ['usd'] }),
        () => client.coinsList(),
        () => client.trending(),
      ]
      for (const call of calls) {
        const error = await call().then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error).toBeInstanceOf(QiError)
        expect(error).toMatchObject({
          code: 'UNAVAILABLE',
          message: expect.stringContaining(`${api} redirects to ${other}/api/v3/`),
        })
        for (let at: unknown = error; at instanceof Error; at = at.cause)
          expect(`${at.message} ${at.stack} ${JSON.stringify(at)}`).not.toContain(KEY)
      }
      expect(reached).toEqual([])
    },
  )

  test('is named by the check of the source', async () => {
    const api = await server((_, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
    )
    await using source = await coingecko.open(coingecko.config.parse({ base_url: api, api_key: KEY }), {
      name: 'coingecko',
      logger: silentLogger,
    })
    expect(await source.check()).toMatchObject({
      ok: false,
      summary: expect.stringContaining('redirects to http://169.254.169.254/latest/meta-data/ (302)'),
    })
  })

  test('within the same host it is followed, with the key', async () => {
    const keys: unknown[] = []
    const api = await server((request, response) => {
      keys.push(request.headers['x-cg-demo-api-key'])
      if (request.url?.startsWith('/v3')) response.writeHead(200, { 'content-type': 'application/json' }).end(PRICE)
      else response.writeHead(307, { location: `/v3${request.url}` }).end()
    })
    const client = new CoinGeckoClient({ apiKey: KEY, baseUrl: api, attempts: 1 })
    expect((await client.getPrices({ ids: ['bitcoin'], currencies: ['usd'] })).records[0]?.price).toBe('666')
    expect(keys).toEqual([KEY, KEY])
  })
})
