import type { Dialect } from './dialect.ts'
import type { FakeMarket, FakeTrade } from './market.ts'

const SYMBOLS = ['BTC-USDT', 'ETH-USDT', 'NKN-USDT'] as const

/** A trade as sockets and REST have it. */
export const okxTrade = ({ id, symbol, price, amount, time, side }: FakeTrade) => ({
  instId: symbol,
  tradeId: String(id),
  px: price,
  sz: amount,
  side,
  source: '0',
  ts: String(Math.floor(time / 1000)),
})

const nameOf = ({ channel, instId }: { channel: string; instId: string }): string => `${channel}:${instId}`
const endpointOf = (channel: string): string => (/^(trades-all|candle)/.test(channel) ? '/business' : '/public')
const good = (data: readonly unknown[]) => ({ body: { code: '0', msg: '', data } })

export const okx: Dialect = {
  symbols: SYMBOLS,
  asked(text, path) {
    if (text === 'ping') return undefined
    const { op, args = [], id } = JSON.parse(text) as { op?: string; args?: { channel: string; instId: string }[]; id?: string }
    if (op !== 'subscribe') return undefined
    const misplaced = ({ channel }: { channel: string }) => !path.endsWith(endpointOf(channel))
    return {
      topics: args.filter((arg) => !misplaced(arg)).map(nameOf),
      answer: (refused) =>
        args.map((arg) =>
          JSON.stringify(
            misplaced(arg) || refused(nameOf(arg))
              ? {
                  id,
                  event: 'error',
                  code: '60018',
                  msg: `Wrong URL or channel:${arg.channel},instId:${arg.instId} doesn't exist. Please use the correct URL, channel and parameters referring to API document.`,
                  connId: 'a4d3ae55',
                }
              : { id, event: 'subscribe', arg, connId: 'a4d3ae55' },
          ),
        ),
    }
  },
  answer: (text) => (text === 'ping' ? 'pong' : undefined),
  tradeTopic: (symbol) => `trades-all:${symbol}`,
  tradeFrames: (trades) =>
    trades.map((trade) => JSON.stringify({ arg: { channel: 'trades-all', instId: trade.symbol }, data: [okxTrade(trade)] })),
  bookTopic: (symbol) => `books:${symbol}`,
  bookFrame: ({ symbol, first, last, bids, asks }) =>
    bookText(symbol, 'update', { bids, asks, prevSeqId: first - 1, seqId: last }),
  bookSnapshot: (book) => bookText(book.symbol, 'snapshot', { ...book.top(400), prevSeqId: -1, seqId: book.last }),
  rest(url, market) {
    const { searchParams } = url
    if (url.pathname === '/api/v5/public/time') return good([{ ts: String(Date.now()) }])
    if (url.pathname === '/api/v5/public/instruments')
      return good(
        SYMBOLS.map((instId) => ({
          instId,
          instType: 'SPOT',
          baseCcy: instId.split('-')[0],
          quoteCcy: 'USDT',
          tickSz: '0.1',
          lotSz: '0.00000001',
          ctType: '',
          ctVal: '',
          ctValCcy: '',
          state: 'live',
          uly: '',
        })),
      )
    if (url.pathname === '/api/v5/market/tickers')
      return good(SYMBOLS.map((instId, index) => ({ instId, last: '1', volCcy24h: String(1000 - index) })))
    if (url.pathname === '/api/v5/market/history-candles') return good([])
    if (url.pathname !== '/api/v5/market/history-trades') return undefined
    return trades(searchParams, market)
  },
}

type Level = readonly [price: string, size: string]

function bookText(
  instId: string,
  action: 'snapshot' | 'update',
  { bids, asks, ...numbers }: { bids: readonly Level[]; asks: readonly Level[]; prevSeqId: number; seqId: number },
): string {
  const levels = (side: readonly Level[]) => side.map(([price, size]) => [price, size, '0', '1'])
  const data = [{ asks: levels(asks), bids: levels(bids), ts: String(Date.now()), checksum: 0, ...numbers }]
  return JSON.stringify({ arg: { channel: 'books', instId }, action, data })
}

/** Trades before a number (`type` 1) or a time (2), the newest first. */
function trades(query: URLSearchParams, market: FakeMarket) {
  const symbol = query.get('instId') ?? ''
  if (!market.symbols.includes(symbol))
    return { body: { code: '51001', msg: "Instrument ID, Instrument ID code, or Spread ID doesn't exist.", data: [] } }
  const after = Number(query.get('after'))
  const limit = Math.min(100, Number(query.get('limit') ?? 100))
  const older = market.of(symbol).filter(({ id, time }) => (query.get('type') === '2' ? time < after * 1000 : id < after))
  return good(older.slice(-limit).reverse().map(okxTrade))
}
