import { type Answering, type CoinGeckoServer, startCoinGeckoServer } from './coingeckoServer.ts'

const HOUR = 3600
/** A window asked for, in seconds since 1970. */
export interface AskedWindow {
  readonly coin: string
  readonly from: number
  readonly to: number
}

export interface HistoryServer extends AsyncDisposable {
  readonly url: string
  /** Windows of market_chart/range and ohlc/range, in the order of asking. */
  windows(): readonly AskedWindow[]
  /** The answer of CoinGecko between two times (seconds): hour, price. */
  truth(coin: string, from: number, to: number): readonly (readonly [seconds: number, price: string])[]
  readonly server: CoinGeckoServer
}

export interface HistoryServerOptions {
  /** Hours, since 1970, of which there are no prices. */
  readonly hole?: (hour: number) => boolean
  /** Asked before: faults, refusals. */
  readonly answer?: Answering
}

/** A price with more digits than a float has, of coin and hour alone. */
const priceOf = (coin: string, hour: number): string =>
  `${coin.length * 1000 + (hour % 977)}.${String((hour * 7919) % 100_000_000).padStart(8, '0')}123456789`

/** A CoinGecko whose hourly history is a function of coin and time. It knows `coin-…` alone. */
export async function startHistoryServer({ hole = () => false, answer }: HistoryServerOptions = {}): Promise<HistoryServer> {
  const truth = (coin: string, from: number, to: number) => {
    const rows: (readonly [number, string])[] = []
    for (let hour = Math.ceil(from / HOUR); hour * HOUR < to; hour++)
      if (!hole(hour)) rows.push([hour * HOUR, priceOf(coin, hour)])
    return rows
  }
  const range = /^\/coins\/([^/]+)\/(market_chart|ohlc)\/range$/
  const server = await startCoinGeckoServer({
    recordings: false,
    answer: (ask) => {
      const [, coin, what] = range.exec(ask.path) ?? []
      if (!coin) return ask.path === '/ping' ? { body: '{}' } : undefined
      if (!coin.startsWith('coin-')) return { status: 404, body: '{"error":"coin not found"}' }
      const given = answer?.(ask)
      if (given) return given
      const [from, to] = [Number(ask.query.get('from')), Number(ask.query.get('to'))]
      const rows = truth(coin, from, to)
      if (what === 'ohlc')
        return { body: `[${rows.map(([at, price]) => `[${at}000,${price},${price},${price},${price}]`).join(',')}]` }
      return {
        body: `{"prices":[${rows.map(([at, price]) => `[${at}000,${price}]`).join(',')}],"market_caps":[],"total_volumes":[]}`,
      }
    },
  })
  return {
    url: server.url,
    server,
    truth,
    windows: () =>
      server.asked.flatMap(({ path, query }) => {
        const coin = range.exec(path)?.[1]
        return coin ? [{ coin, from: Number(query.get('from')), to: Number(query.get('to')) }] : []
      }),
    [Symbol.asyncDispose]: () => server.close(),
  }
}
