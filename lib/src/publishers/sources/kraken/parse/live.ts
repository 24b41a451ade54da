import {
  type Micros,
  type Ohlcv,
  QiError,
  type Quote,
  type Timeframe,
  type Trade,
  timeframeMicros,
} from '../../../../base/types/index.ts'
import {
  type BookLevel,
  type BookMessage,
  figure,
  floorMicros,
  floorMillis,
  type Listed,
  listedOf,
  type Mapped,
  type Mapper,
  type MapperContext,
  mappedOf,
  quoteNumbers,
  whole,
} from '../../../venue/index.ts'
import { traits } from '../config.ts'

const MINUTE: Micros = 60_000_000
/** Minutes of a timeframe, as Kraken names it. */
export const minutesOf = (timeframe: Timeframe): number => timeframeMicros(timeframe) / MINUTE
const TIMEFRAMES: ReadonlyMap<string, Timeframe> = new Map(
  traits.timeframes.map((timeframe) => [String(minutesOf(timeframe)), timeframe]),
)

/** Messages with each number as its text: Kraken sends numbers, whose digits `JSON.parse` would round. */
interface TradeEvent {
  readonly symbol: string
  readonly side: string
  readonly price: string
  readonly qty: string
  readonly trade_id: string
  readonly timestamp: string
}

interface TickerEvent {
  readonly symbol: string
  readonly bid: string
  readonly bid_qty: string
  readonly ask: string
  readonly ask_qty: string
  /** Absent from older messages. */
  readonly timestamp?: string
}

interface Bar {
  readonly symbol: string
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  readonly trades: string
  readonly interval_begin: string
  readonly interval: string
}

interface BookEvent {
  readonly symbol: string
  readonly bids?: readonly Level[]
  readonly asks?: readonly Level[]
  readonly checksum?: string
  readonly timestamp?: string
}

interface Level {
  readonly price: string
  readonly qty: string
}

interface Message {
  readonly channel?: string
  readonly type?: string
  readonly data?: readonly unknown[]
  readonly method?: string
  readonly success?: boolean
  readonly error?: string
  readonly req_id?: string
  /** Of a refusal, which has no result. */
  readonly symbol?: string
  readonly result?: { readonly symbol?: string }
}

/** A trade as the socket or REST has it, in one form. */
export interface TradeParts {
  readonly id: string
  readonly price: unknown
  readonly amount: unknown
  readonly time: Micros
  /** The taker's side. */
  readonly side: Trade['side']
}

/** The record of a trade, by whichever way it came. @throws QiError BAD_DATA */
export function tradeOf(
  source: string,
  { coinId, quote: currency }: Listed,
  { id, price, amount, time, side }: TradeParts,
  receivedAt: Micros,
  origin: Trade['origin'],
): Trade {
  const sequence = whole(id, 'trade_id')
  return {
    coinId,
    source,
    time,
    receivedAt,
    origin,
    currency,
    tradeId: String(sequence),
    side,
    price: figure(price),
    amount: figure(amount),
    sequence,
  }
}

function partsOf({ trade_id: id, price, qty: amount, timestamp, side }: TradeEvent): TradeParts {
  if (side !== 'buy' && side !== 'sell') throw new QiError('BAD_DATA', `side ${JSON.stringify(side)} is neither buy nor sell`)
  return { id, price, amount, time: timeOf(timestamp), side }
}

/**
 * Whole milliseconds: REST tells times as floats, whose microseconds differ from those of the socket.
 * @throws QiError BAD_DATA
 */
function timeOf(text: unknown): Micros {
  if (typeof text === 'string') return floorMillis(floorMicros(text))
  throw new QiError('BAD_DATA', `time ${JSON.stringify(text)} is no text`)
}

const quoteOf = (source: string, { coinId, quote: currency }: Listed, event: TickerEvent, receivedAt: Micros): Quote => ({
  coinId,
  source,
  time: event.timestamp === undefined ? floorMillis(receivedAt) : timeOf(event.timestamp),
  receivedAt,
  origin: 'live',
  currency,
  sequence: 0,
  bid: figure(event.bid),
  bidSize: figure(event.bid_qty),
  ask: figure(event.ask),
  askSize: figure(event.ask_qty),
})

function candleOf(source: string, { coinId, quote: currency }: Listed, bar: Bar, receivedAt: Micros): Ohlcv {
  const timeframe = TIMEFRAMES.get(bar.interval)
  if (timeframe === undefined) throw new QiError('BAD_DATA', `interval ${JSON.stringify(bar.interval)} is no timeframe`)
  return {
    coinId,
    source,
    time: timeOf(bar.interval_begin),
    receivedAt,
    origin: 'live',
    currency,
    timeframe,
    open: figure(bar.open),
    high: figure(bar.high),
    low: figure(bar.low),
    close: figure(bar.close),
    volume: figure(bar.volume),
    tradeCount: whole(bar.trades, 'number of trades'),
    isFinal: false,
    builtFrom: 'provider',
  }
}

/** Maps the messages of version 2. */
export function mapperOf({ source, instruments }: MapperContext): Mapper {
  return (text, receivedAt): Mapped => {
    const message = JSON.parse(quoteNumbers(text)) as Message
    const { channel, type, data = [] } = message
    switch (channel) {
      case 'trade':
        return mappedOf('trades', data as readonly TradeEvent[], (event) =>
          tradeOf(source, listedOf(instruments, event.symbol), partsOf(event), receivedAt, 'live'),
        )
      case 'ticker':
        return mappedOf('quotes', data as readonly TickerEvent[], (event) =>
          quoteOf(source, listedOf(instruments, event.symbol), event, receivedAt),
        )
      case 'ohlc':
        return mappedOf('candles', data as readonly Bar[], (bar) =>
          candleOf(source, listedOf(instruments, bar.symbol), bar, receivedAt),
        )
      case 'book': {
        const [event] = data as readonly [BookEvent?]
        if (!event) return undefined
        return { kind: 'book', instrument: listedOf(instruments, event.symbol), message: bookOf(type, event) }
      }
      default:
        return message.method === 'subscribe' ? ackOf(message) : undefined
    }
  }
}

const levelOf = ({ price, qty }: Level): BookLevel => [price, qty]

const bookOf = (type: string | undefined, { bids = [], asks = [], checksum, timestamp }: BookEvent): BookMessage => ({
  kind: type === 'snapshot' ? 'snapshot' : 'delta',
  ...(checksum !== undefined && { checksum: whole(checksum, 'checksum') }),
  ...(timestamp !== undefined && { time: timeOf(timestamp) }),
  bids: bids.map(levelOf),
  asks: asks.map(levelOf),
})

/** One answer for each symbol of a request. */
function ackOf({ success, error, req_id, symbol, result }: Message): Mapped {
  const of = result?.symbol ?? symbol
  const answered = { kind: 'ack', id: whole(req_id, 'req_id'), ...(of !== undefined && { symbol: of }) } as const
  // A subscription that is asked for again holds already.
  if (success || error?.startsWith('Already subscribed')) return answered
  return { ...answered, refused: error ?? 'refused without a reason' }
}
