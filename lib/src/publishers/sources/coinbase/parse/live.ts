import { type Micros, QiError, type Quote, type Trade } from '../../../../base/types/index.ts'
import {
  type Channel,
  figure,
  floorMicros,
  type Listed,
  listedOf,
  type Mapped,
  type Mapper,
  type MapperContext,
  mappedOf,
  whole,
} from '../../../venue/index.ts'

/** Names of the channels, as the socket has them. */
export const CHANNEL_NAMES: Readonly<Partial<Record<Channel, string>>> = {
  trades: 'matches',
  quotes: 'ticker',
  books: 'level2_batch',
}

/** The name of a topic. */
export const topicName = (channel: string, product: string): string => `${channel}:${product}`

/** A trade as the socket and REST have it; `trade_id` may come as a text where digits are kept. */
export interface TradeParts {
  readonly trade_id: number | string
  readonly price: string
  readonly size: string
  readonly time: string
  /** The maker's side. */
  readonly side: string
}

interface TickerEvent {
  readonly product_id: string
  readonly sequence: number
  readonly best_bid: string
  readonly best_bid_size: string
  readonly best_ask: string
  readonly best_ask_size: string
  /** Of the last trade; absent where there was none. */
  readonly time?: string
}

type Level = readonly [price: string, size: string]

interface Message {
  readonly type: string
  readonly product_id?: string
  readonly time?: string
  readonly last_trade_id?: number
  readonly bids?: readonly Level[]
  readonly asks?: readonly Level[]
  readonly changes?: readonly (readonly [side: string, price: string, size: string])[]
  readonly channels?: readonly { readonly name: string; readonly product_ids?: readonly string[] }[]
  readonly message?: string
  readonly reason?: string
}

/** The record of a trade, by whichever way it came. @throws QiError BAD_DATA */
export function tradeOf(
  source: string,
  { coinId, quote: currency }: Listed,
  { trade_id: id, price, size, time, side }: TradeParts,
  receivedAt: Micros,
  origin: Trade['origin'],
): Trade {
  const sequence = whole(id, 'trade_id')
  return {
    coinId,
    source,
    time: timeOf(time),
    receivedAt,
    origin,
    currency,
    tradeId: String(sequence),
    side: takerOf(side),
    price: figure(price),
    amount: figure(size),
    sequence,
  }
}

/** Coinbase names the maker's side; ours is the taker's. @throws QiError BAD_DATA */
function takerOf(maker: string): Trade['side'] {
  if (maker === 'buy') return 'sell'
  if (maker === 'sell') return 'buy'
  throw new QiError('BAD_DATA', `side ${JSON.stringify(maker)} is neither buy nor sell`)
}

/** @throws QiError BAD_DATA */
function timeOf(text: unknown): Micros {
  if (typeof text === 'string') return floorMicros(text)
  throw new QiError('BAD_DATA', `time ${JSON.stringify(text)} is no text`)
}

const quoteOf = (source: string, { coinId, quote: currency }: Listed, event: TickerEvent, receivedAt: Micros): Quote => ({
  coinId,
  source,
  time: event.time === undefined ? receivedAt : timeOf(event.time),
  receivedAt,
  origin: 'live',
  currency,
  sequence: whole(event.sequence, 'sequence'),
  bid: figure(event.best_bid),
  bidSize: figure(event.best_bid_size),
  ask: figure(event.best_ask),
  askSize: figure(event.best_ask_size),
})

/** Maps the messages of the Exchange feed. */
export function mapperOf({ source, instruments }: MapperContext): Mapper {
  return (text, receivedAt): Mapped => {
    const message = JSON.parse(text) as Message
    switch (message.type) {
      case 'match':
      case 'last_match':
        return mappedOf('trades', [message as unknown as TradeParts], (event) =>
          tradeOf(source, listedOf(instruments, message.product_id), event, receivedAt, 'live'),
        )
      case 'ticker':
        return mappedOf('quotes', [message as unknown as TickerEvent], (event) =>
          quoteOf(source, listedOf(instruments, event.product_id), event, receivedAt),
        )
      case 'snapshot':
      case 'l2update':
        return bookOf(message, listedOf(instruments, message.product_id))
      case 'heartbeat':
        return lastOf(message, listedOf(instruments, message.product_id))
      case 'subscriptions':
        return {
          kind: 'ack',
          topics: (message.channels ?? []).flatMap(({ name, product_ids = [] }) => product_ids.map((id) => topicName(name, id))),
        }
      case 'error':
        return refusalOf(message)
      default:
        // Coinbase adds types of messages, and asks clients to ignore them.
        return undefined
    }
  }
}

function bookOf({ type, time, bids = [], asks = [], changes = [] }: Message, instrument: Listed): Mapped {
  const at = time === undefined ? {} : { time: timeOf(time) }
  if (type === 'snapshot') return { kind: 'book', instrument, message: { kind: 'snapshot', ...at, bids, asks } }
  const of = (wanted: string): Level[] =>
    changes.flatMap(([side, price, size]) => (side === wanted ? [[price, size] as const] : []))
  return { kind: 'book', instrument, message: { kind: 'delta', ...at, bids: of('buy'), asks: of('sell') } }
}

/** A heartbeat tells the last trade. A product without trades has none, or 0. */
function lastOf({ last_trade_id: id }: Message, { coinId }: Listed): Mapped {
  if (id === undefined || id === null || id === 0) return undefined
  return { kind: 'last', coinId, sequence: whole(id, 'last_trade_id') }
}

/** Product ids in a sentence, such as `BTC-FOO is not a valid product`. */
const PRODUCTS = /\b[A-Z0-9]+-[A-Z0-9]+\b/g

/** An error bears no id of its request. It names the products at fault, or nothing. */
function refusalOf({ message = 'error', reason }: Message): Mapped {
  const refused = reason === undefined ? message : `${message}: ${reason}`
  const products = refused.match(PRODUCTS) ?? []
  const topics = products.flatMap((product) => Object.values(CHANNEL_NAMES).map((channel) => topicName(channel, product)))
  return { kind: 'ack', topics, refused }
}
