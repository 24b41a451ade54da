import { formatTime } from '../../../../lib/src/base/types/index.ts'
import type { Dialect } from './dialect.ts'
import type { FakeTrade } from './market.ts'

const BASES = { 'BTC-USD': 'BTC', 'ETH-USD': 'ETH', 'NKN-USD': 'NKN' } as const
const SYMBOLS = Object.keys(BASES)

/** Coinbase tells the maker's side. */
const maker = ({ side }: FakeTrade) => (side === 'buy' ? 'sell' : 'buy')

const row = (trade: FakeTrade) => ({
  trade_id: trade.id,
  side: maker(trade),
  size: trade.amount,
  price: trade.price,
  time: formatTime(trade.time),
})

interface Subscribe {
  readonly type?: string
  readonly channels?: readonly { readonly name: string; readonly product_ids: readonly string[] }[]
}

let beats = 0

export const coinbase: Dialect = {
  symbols: SYMBOLS,
  asked(text) {
    const { type, channels } = JSON.parse(text) as Subscribe
    if (type !== 'subscribe' || !channels) return undefined
    const topics = channels.flatMap(({ name, product_ids }) => product_ids.map((id) => `${name}:${id}`))
    return {
      topics,
      // One unknown product refuses the whole message.
      answer: (refused) => {
        const unknown = topics.find(refused)
        return [
          JSON.stringify(
            unknown
              ? {
                  type: 'error',
                  message: 'Failed to subscribe',
                  reason: `${unknown.split(':')[1]} is not a valid product`,
                }
              : { type: 'subscriptions', channels },
          ),
        ]
      },
    }
  },
  tradeTopic: (symbol) => `matches:${symbol}`,
  tradeFrames: (trades) =>
    trades.map((trade) =>
      JSON.stringify({
        type: 'match',
        ...row(trade),
        maker_order_id: '27fff20b-af29-4f45-8744-56dd1ef57dc0',
        taker_order_id: '1da6ce16-c8da-4732-9f71-6049f4c6aaf8',
        product_id: trade.symbol,
        sequence: trade.id * 7,
      }),
    ),
  heartbeat(market) {
    const symbol = SYMBOLS[beats++ % SYMBOLS.length] as string
    const last = market.of(symbol).at(-1)
    return JSON.stringify({
      type: 'heartbeat',
      product_id: symbol,
      sequence: (last?.id ?? 0) * 7,
      last_trade_id: last?.id ?? 0,
      time: formatTime(Date.now() * 1000),
    })
  },
  rest(url, market) {
    if (url.pathname === '/time') return { body: { iso: formatTime(Date.now() * 1000), epoch: Date.now() / 1000 } }
    if (url.pathname === '/products')
      return {
        body: Object.entries(BASES).map(([id, base]) => ({
          id,
          base_currency: base,
          quote_currency: 'USD',
          quote_increment: '0.01000000',
          base_increment: '0.00000001',
          status: 'online',
          trading_disabled: false,
        })),
      }
    if (url.pathname === '/products/stats')
      return {
        body: Object.fromEntries(
          SYMBOLS.map((id, index) => [
            id,
            {
              stats_30day: { volume: '1' },
              stats_24hour: { open: '1', high: '1', low: '1', last: '2', volume: `${100 - index}` },
            },
          ]),
        ),
      }
    const [, , symbol = '', what] = url.pathname.split('/')
    if (!SYMBOLS.includes(symbol)) return { status: 404, body: { message: 'NotFound' } }
    if (what === 'candles') return { body: [] }
    if (what !== 'trades') return undefined
    const made = market.of(symbol)
    const after = Number(url.searchParams.get('after') ?? Number.MAX_SAFE_INTEGER)
    const older = made.filter(({ id }) => id < after).slice(-Math.min(1000, Number(url.searchParams.get('limit') ?? 1000)))
    return { body: older.toReversed().map(row) }
  },
}
