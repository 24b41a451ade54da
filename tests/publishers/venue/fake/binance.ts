import type { Dialect } from './dialect.ts'
import type { FakeTrade } from './market.ts'

const BASES = { BTCUSDT: 'BTC', ETHUSDT: 'ETH', NKNUSDT: 'NKN' } as const

const row = ({ id, price, amount, time, side }: FakeTrade) => ({
  id,
  price,
  qty: amount,
  quoteQty: '0',
  time: Math.floor(time / 1000),
  isBuyerMaker: side === 'sell',
  isBestMatch: true,
})

export const binance: Dialect = {
  symbols: Object.keys(BASES),
  asked(text) {
    const { method, params, id } = JSON.parse(text) as { method?: string; params?: string[]; id?: number }
    if (method !== 'SUBSCRIBE' || !params) return undefined
    return {
      topics: params,
      answer: (refused) => [
        JSON.stringify(
          params.some(refused) ? { error: { code: 2, msg: 'Invalid request: unknown stream' }, id } : { result: null, id },
        ),
      ],
    }
  },
  tradeTopic: (symbol) => `${symbol.toLowerCase()}@trade`,
  tradeFrames: (trades) =>
    trades.map(
      ({ id, symbol, price, amount, time, side }) =>
        `{"stream":"${symbol.toLowerCase()}@trade","data":{"e":"trade","E":${Math.floor(time / 1000)},"s":"${symbol}","t":${id},"p":"${price}","q":"${amount}","T":${Math.floor(time / 1000)},"m":${side === 'sell'},"M":true}}`,
    ),
  bookTopic: (symbol) => `${symbol.toLowerCase()}@depth@100ms`,
  bookFrame: ({ symbol, first, last, bids, asks }) =>
    JSON.stringify({
      stream: `${symbol.toLowerCase()}@depth@100ms`,
      data: { e: 'depthUpdate', E: Date.now(), s: symbol, U: first, u: last, b: bids, a: asks },
    }),
  rest(url, market) {
    const symbol = url.searchParams.get('symbol') ?? ''
    const limit = Math.min(1000, Number(url.searchParams.get('limit') ?? 500))
    if (url.pathname.endsWith('/ping')) return { body: {} }
    if (url.pathname.endsWith('/exchangeInfo'))
      return {
        body: {
          timezone: 'UTC',
          symbols: Object.entries(BASES).map(([name, baseAsset]) => ({
            symbol: name,
            status: 'TRADING',
            baseAsset,
            quoteAsset: 'USDT',
            filters: [
              { filterType: 'PRICE_FILTER', tickSize: '0.01000000' },
              { filterType: 'LOT_SIZE', stepSize: '0.00001000' },
            ],
          })),
        },
      }
    if (url.pathname.endsWith('/ticker/24hr'))
      return { body: market.symbols.map((name, index) => ({ symbol: name, quoteVolume: String(1000 - index) })) }
    if (!market.symbols.includes(symbol)) return { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } }
    if (url.pathname.endsWith('/historicalTrades')) {
      const from = Number(url.searchParams.get('fromId'))
      return { body: market.byId(symbol, from, from + limit - 1).map(row) }
    }
    if (url.pathname.endsWith('/aggTrades')) {
      const since = Number(url.searchParams.get('startTime')) * 1000
      const found = market.of(symbol).filter(({ time }) => time >= since)
      return {
        body: found
          .slice(0, limit)
          .map(({ id, price, amount, time }) => ({ a: id, f: id, l: id, p: price, q: amount, T: time / 1000, m: true })),
      }
    }
    if (url.pathname.endsWith('/depth')) {
      const book = market.books.get(symbol)
      return { body: { lastUpdateId: book?.last, ...book?.top(limit) } }
    }
    if (url.pathname.endsWith('/klines')) return { body: [] }
    return undefined
  },
}
