import {
  type Micros,
  type Ohlcv,
  QiError,
  type Quote,
  TIMEFRAMES,
  type Timeframe,
  type Trade,
} from '../../../../base/types/index.ts'
import {
  figure,
  floorMillis,
  type Listed,
  listedOf,
  type Mapped,
  type Mapper,
  type MapperContext,
  mappedOf,
  millis,
  whole,
} from '../../../venue/index.ts'

/** A trade as a socket has it; `T` may come as a text where digits are kept. */
export interface TradeEvent {
  readonly s: string
  /** Number of a trade; of an aggregate, `a`. */
  readonly t?: number | string
  readonly a?: number | string
  readonly p: string
  readonly q: string
  readonly T: number | string
  /** True if the buyer was the maker. */
  readonly m: boolean
}

interface TickerEvent {
  readonly u: number
  readonly s: string
  readonly b: string
  readonly B: string
  readonly a: string
  readonly A: string
  /** Futures alone. */
  readonly T?: number
}

interface Bar {
  readonly t: number
  readonly s: string
  readonly i: string
  readonly o: string
  readonly c: string
  readonly h: string
  readonly l: string
  readonly v: string
  readonly n: number
  readonly x: boolean
}

type Level = readonly [price: string, size: string]

interface DepthEvent {
  readonly s: string
  readonly E: number
  readonly U: number
  readonly u: number
  /** Futures alone: `u` of the message before. */
  readonly pu?: number
  readonly b: readonly Level[]
  readonly a: readonly Level[]
}

interface Message {
  readonly stream?: string
  readonly data?: unknown
  readonly id?: number
  readonly result?: null
  readonly error?: { readonly code: number; readonly msg: string }
  readonly e?: string
}

/** The record of a trade, by whichever way it came. @throws QiError BAD_DATA */
export function tradeOf(
  source: string,
  { coinId, quote: currency }: Listed,
  event: Omit<TradeEvent, 's'>,
  receivedAt: Micros,
  origin: Trade['origin'],
): Trade {
  const sequence = whole(event.t ?? event.a, 'trade id')
  return {
    coinId,
    source,
    time: millis(event.T),
    receivedAt,
    origin,
    currency,
    tradeId: String(sequence),
    side: event.m ? 'sell' : 'buy',
    price: figure(event.p),
    amount: figure(event.q),
    sequence,
  }
}

const quoteOf = (source: string, { coinId, quote: currency }: Listed, event: TickerEvent, receivedAt: Micros): Quote => ({
  coinId,
  source,
  time: event.T === undefined ? floorMillis(receivedAt) : millis(event.T),
  receivedAt,
  origin: 'live',
  currency,
  sequence: whole(event.u, 'update id'),
  bid: figure(event.b),
  bidSize: figure(event.B),
  ask: figure(event.a),
  askSize: figure(event.A),
})

const candleOf = (source: string, { coinId, quote: currency }: Listed, bar: Bar, receivedAt: Micros): Ohlcv => ({
  coinId,
  source,
  time: millis(bar.t),
  receivedAt,
  origin: 'live',
  currency,
  timeframe: timeframeOf(bar.i),
  open: figure(bar.o),
  high: figure(bar.h),
  low: figure(bar.l),
  close: figure(bar.c),
  volume: figure(bar.v),
  tradeCount: whole(bar.n, 'number of trades'),
  isFinal: bar.x,
  builtFrom: 'provider',
})

/** @throws QiError BAD_DATA */
function timeframeOf(interval: string): Timeframe {
  if ((TIMEFRAMES as readonly string[]).includes(interval)) return interval as Timeframe
  throw new QiError('BAD_DATA', `interval ${JSON.stringify(interval)} is no timeframe`)
}

/** Maps the messages of the combined streams. */
export function mapperOf({ source, instruments }: MapperContext): Mapper {
  return (text, receivedAt): Mapped => {
    const message = JSON.parse(text) as Message
    const { stream, data } = message
    if (stream === undefined || data === undefined) return controlOf(message)
    const kind = stream.slice(stream.indexOf('@') + 1)
    if (kind === 'trade' || kind === 'aggTrade')
      return mappedOf('trades', [data as TradeEvent], (event) =>
        tradeOf(source, listedOf(instruments, event.s), event, receivedAt, 'live'),
      )
    if (kind === 'bookTicker')
      return mappedOf('quotes', [data as TickerEvent], (event) =>
        quoteOf(source, listedOf(instruments, event.s), event, receivedAt),
      )
    if (kind.startsWith('kline'))
      return mappedOf('candles', [(data as { readonly k: Bar }).k], (bar) =>
        candleOf(source, listedOf(instruments, bar.s), bar, receivedAt),
      )
    if (kind.startsWith('depth')) {
      const { s, E, U, u, pu, b, a } = data as DepthEvent
      return {
        kind: 'book',
        instrument: listedOf(instruments, s),
        message: {
          kind: 'delta',
          first: U,
          last: u,
          ...(pu !== undefined && { previous: pu }),
          time: millis(E),
          bids: b,
          asks: a,
        },
      }
    }
    return undefined
  }
}

function controlOf({ id, error, e }: Message): Mapped {
  if (e === 'serverShutdown') return { kind: 'ending', reason: 'the server shuts down' }
  if (id === undefined) {
    if (error) throw new QiError('BAD_DATA', `error ${error.code}: ${error.msg}`)
    return undefined
  }
  return error ? { kind: 'ack', id, refused: `error ${error.code}: ${error.msg}` } : { kind: 'ack', id }
}
