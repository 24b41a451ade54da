import { formatTime } from '../../../../lib/src/base/types/index.ts'
import { krakenChecksum, OrderBook } from '../../../../lib/src/publishers/venue/book/index.ts'
import type { FakeBook } from './book.ts'
import type { Dialect } from './dialect.ts'
import type { FakeTrade } from './market.ts'

/** Pairs by the symbol of the sockets: the key of REST, and the name that REST gives the sockets' symbol. */
const PAIRS = {
  'BTC/USD': { key: 'XXBTZUSD', wsname: 'XBT/USD' },
  'ETH/USD': { key: 'XETHZUSD', wsname: 'ETH/USD' },
  'NKN/USD': { key: 'NKNUSD', wsname: 'NKN/USD' },
} as const
const SYMBOLS = Object.keys(PAIRS)

interface Request {
  readonly method?: string
  readonly params?: { readonly channel: string; readonly symbol: readonly string[] }
  readonly req_id?: number
}

/** Levels of a side in the subscription of the tests. */
const DEPTH = 10

type Levels = Parameters<OrderBook['reset']>[0]

/** Kraken sends numbers; here they keep the zeros of their texts, as its own do. */
const levelsText = (levels: Levels['bids']): string =>
  `[${levels.map(([price, qty]) => `{"price":${price},"qty":${qty}}`).join(',')}]`

function bookText(type: 'snapshot' | 'update', { bids, asks }: Levels, whole: FakeBook): string {
  const book = new OrderBook({ maxLevels: 25, windowed: true })
  book.reset(whole.top(25))
  return `{"channel":"book","type":"${type}","data":[{"symbol":"${whole.symbol}","bids":${levelsText(bids)},"asks":${levelsText(asks)},"checksum":${krakenChecksum(book)},"timestamp":"${formatTime(Date.now() * 1000)}"}]}`
}

/** A change with the last level of the window: where one was removed, another takes its place, and Kraken sends it. */
function withLast({ bids, asks }: Levels, whole: FakeBook): Levels {
  const last = whole.top(DEPTH)
  return { bids: [...bids, ...last.bids.slice(-1)], asks: [...asks, ...last.asks.slice(-1)] }
}

const tradeText = ({ id, symbol, price, amount, side, time }: FakeTrade): string =>
  `{"symbol":"${symbol}","side":"${side}","price":${price},"qty":${amount},"ord_type":"market","trade_id":${id},"timestamp":"${formatTime(time)}"}`

/** A row of REST: the time is a number of seconds. */
const rowText = ({ id, price, amount, side, time }: FakeTrade): string =>
  `["${price}","${amount}",${time / 1_000_000},"${side === 'buy' ? 'b' : 's'}","m","",${id}]`

const good = (result: unknown) => ({ body: { error: [], result } })
const bad = (error: string) => ({ body: { error: [error] } })

export const kraken: Dialect = {
  symbols: SYMBOLS,
  asked(text) {
    const { method, params, req_id } = JSON.parse(text) as Request
    if (method !== 'subscribe' || !params) return undefined
    const { channel, symbol: symbols } = params
    const nameOf = (symbol: string) => `${channel}:${symbol}`
    return {
      topics: symbols.map(nameOf),
      answer: (refused) =>
        symbols.map((symbol) =>
          JSON.stringify(
            refused(nameOf(symbol))
              ? { error: `Currency pair not supported ${symbol}`, method, req_id, success: false, symbol }
              : { method, req_id, result: { channel, snapshot: true, symbol }, success: true },
          ),
        ),
    }
  },
  answer: (text) => (text.includes('"ping"') ? '{"method":"pong"}' : undefined),
  tradeTopic: (symbol) => `trade:${symbol}`,
  tradeFrames: (trades) => [`{"channel":"trade","type":"update","data":[${trades.map(tradeText).join(',')}]}`],
  bookTopic: (symbol) => `book:${symbol}`,
  bookFrame: (change, book) => bookText('update', withLast(change, book), book),
  bookSnapshot: (book) => bookText('snapshot', book.top(25), book),
  heartbeat: () => '{"channel":"heartbeat"}',
  rest(url, market) {
    const { pathname, searchParams } = url
    if (pathname === '/0/public/Time') return good({ unixtime: Math.floor(Date.now() / 1000) })
    if (pathname === '/0/public/AssetPairs')
      return good(
        Object.fromEntries(
          Object.values(PAIRS).map(({ key, wsname }) => [
            key,
            { altname: key, wsname, pair_decimals: 1, lot_decimals: 8, tick_size: '0.1', status: 'online' },
          ]),
        ),
      )
    if (pathname === '/0/public/Ticker')
      return good(
        Object.fromEntries(Object.values(PAIRS).map(({ key }, index) => [key, { v: ['1', `${9 - index}`], p: ['1', '2'] }])),
      )
    const found = Object.entries(PAIRS).find(([, { key }]) => key === searchParams.get('pair'))
    if (!found) return bad('EQuery:Unknown asset pair')
    const [symbol, { key }] = found
    if (pathname === '/0/public/OHLC') return good({ [key]: [], last: 0 })
    if (pathname !== '/0/public/Trades') return undefined
    const since = BigInt(searchParams.get('since') ?? 0)
    const later = market.of(symbol).filter(({ time }) => BigInt(time) * 1000n > since)
    // Trades of one moment stay together: a page ends behind all of them.
    let end = Math.min(later.length, Number(searchParams.get('count') ?? 1000))
    while (end < later.length && later[end]?.time === later[end - 1]?.time) end++
    const page = later.slice(0, end)
    const last = page.length > 0 ? `${page.at(-1)?.time}000` : String(since)
    return { body: `{"error":[],"result":{"${key}":[${page.map(rowText).join(',')}],"last":"${last}"}}` }
  },
}
