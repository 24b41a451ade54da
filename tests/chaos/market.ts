import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Checksum, nonceOf, Tally } from './load.ts'
import { Random } from './random.ts'

export interface Call {
  /** When it came, in milliseconds. */
  readonly at: number
  readonly weight: 1
  /** The first part of its path: each caller has an address of its own. */
  readonly by: string
}

/** Answers as CoinGecko's simple/price with prices that it never gave before, and counts who calls when. */
export interface Market extends AsyncDisposable {
  /** For a caller of this name. */
  address(caller: string): string
  readonly calls: readonly Call[]
  /** From now on it has no prices. @returns what a table of those it gave must say */
  close(): Checksum
}

/** The time of the first answer, in seconds since 1970; each has one of its own. */
const START = Date.UTC(2026, 0, 1) / 1000

export async function openMarket(seed: number): Promise<Market> {
  const random = new Random(seed)
  const tally = new Tally()
  const calls: Call[] = []
  let closed = false
  const priceOf = (coin: string, i: number, currency: string): string => {
    const [figure, nonce] = [`${calls.length * 1000 + i + 1}.5`, nonceOf(random)]
    tally.add(coin, figure, nonce)
    return `"${currency}":${figure},"${currency}_market_cap":${nonce}`
  }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const list = (name: string) => searchParams.get(name)?.split(',') ?? []
    calls.push({ at: performance.now(), weight: 1, by: pathname.split('/')[1] ?? '' })
    const coins = closed ? [] : list('ids')
    const entries = coins.map((coin, i) => {
      const prices = list('vs_currencies').map((currency) => priceOf(coin, i, currency))
      return `"${coin}":{${prices.join(',')},"last_updated_at":${START + calls.length}}`
    })
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{${entries.join(',')}}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: (caller) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${caller}`,
    calls,
    close: () => {
      closed = true
      return tally.checksum
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await ended
    },
  }
}
