import type { Dialect } from './dialect.ts'
import type { FakeTrade } from './market.ts'

const BASES = { BTCUSDT: 'BTC', ETHUSDT: 'ETH', NKNUSDT: 'NKN' } as const

const idOf = (id: number): string => `20f43950-d8dd-5b31-9112-${String(id).padStart(12, '0')}`
const millis = (time: number): number => Math.floor(time / 1000)
const sideOf = (side: FakeTrade['side']): string => (side === 'buy' ? 'Buy' : 'Sell')
const good = (list: readonly unknown[], more: object = {}) => ({
  body: { retCode: 0, retMsg: 'OK', result: { list, ...more }, time: Date.now() },
})

export const bybit: Dialect = {
  symbols: Object.keys(BASES),
  asked(text) {
    const { op, args = [], req_id } = JSON.parse(text) as { op?: string; args?: string[]; req_id?: string }
    if (op !== 'subscribe') return undefined
    const failure = (refused: (topic: string) => boolean): string => {
      if (args.length > 10) return 'args size >10'
      const bad = args.find(refused)
      return bad === undefined ? '' : `Invalid symbol :[${bad}]`
    }
    return {
      topics: args.length > 10 ? [] : args,
      answer(refused) {
        const reason = failure(refused)
        return [JSON.stringify({ success: reason === '', ret_msg: reason, conn_id: '2324d924', req_id, op: 'subscribe' })]
      },
    }
  },
  answer: (text) =>
    text.includes('"ping"') ? '{"success":true,"ret_msg":"pong","conn_id":"2324d924","req_id":"","op":"ping"}' : undefined,
  tradeTopic: (symbol) => `publicTrade.${symbol}`,
  tradeFrames: (trades) => [
    JSON.stringify({
      topic: `publicTrade.${trades[0]?.symbol}`,
      type: 'snapshot',
      ts: Date.now(),
      data: trades.map(({ id, symbol, price, amount, time, side }) => ({
        T: millis(time),
        s: symbol,
        S: sideOf(side),
        v: amount,
        p: price,
        L: 'PlusTick',
        i: idOf(id),
        BT: false,
      })),
    }),
  ],
  bookTopic: (symbol) => `orderbook.50.${symbol}`,
  // The number of each message is one more than that of the one before.
  bookFrame: ({ symbol, last, bids, asks }) => bookText(symbol, 'delta', last / 2, bids, asks),
  bookSnapshot(book) {
    const { bids, asks } = book.top(50)
    return bookText(book.symbol, 'snapshot', book.last / 2, bids, asks)
  },
  rest({ pathname, searchParams }, market) {
    if (pathname === '/v5/market/time') return good([])
    if (pathname === '/v5/market/instruments-info') {
      // One a page, so that whoever reads one page alone finds one instrument.
      const at = Number(searchParams.get('cursor') || 0)
      const all = Object.entries(BASES).map(([symbol, baseCoin]) => ({
        symbol,
        baseCoin,
        quoteCoin: 'USDT',
        status: 'Trading',
        lotSizeFilter: { basePrecision: '0.000001' },
        priceFilter: { tickSize: '0.01' },
      }))
      return good(all.slice(at, at + 1), { nextPageCursor: at + 1 < all.length ? String(at + 1) : '' })
    }
    if (pathname === '/v5/market/tickers')
      return good(market.symbols.map((symbol, index) => ({ symbol, turnover24h: String(1000 - index) })))
    if (pathname === '/v5/market/kline') return good(bars(searchParams))
    if (pathname !== '/v5/market/recent-trade') return undefined
    const symbol = searchParams.get('symbol') ?? ''
    if (!market.symbols.includes(symbol)) return { body: { retCode: 10001, retMsg: 'Not supported symbols', result: {} } }
    const last = market.of(symbol).slice(-Math.min(60, Number(searchParams.get('limit'))))
    return good(
      last.reverse().map(({ id, price, amount, time, side }) => ({
        execId: idOf(id),
        symbol,
        price,
        size: amount,
        side: sideOf(side),
        time: String(millis(time)),
        isBlockTrade: false,
      })),
    )
  },
}

const MINUTE = 60_000

/** Bars of a minute, the newest first, at most `limit` of the range's end, as the venue gives them. */
function bars(asked: URLSearchParams): readonly (readonly string[])[] {
  const [start, end, limit] = ['start', 'end', 'limit'].map((name) => Number(asked.get(name))) as [number, number, number]
  const all: string[][] = []
  for (let time = Math.ceil(start / MINUTE) * MINUTE; time <= end; time += MINUTE)
    all.push([String(time), '10', '12', '9.5', String(time / MINUTE), '3.25', '32.5'])
  return all.slice(-Math.min(1000, limit)).reverse()
}

const bookText = (s: string, type: 'snapshot' | 'delta', u: number, b: unknown, a: unknown): string =>
  JSON.stringify({ topic: `orderbook.50.${s}`, type, ts: Date.now(), cts: Date.now(), data: { s, b, a, u, seq: u } })
