import { type Micros, type Ohlcv, QiError, type Quote, type Timeframe } from '../../../../base/types/index.ts'
import {
  type BookLevel,
  figure,
  type Listed,
  listedOf,
  type Mapped,
  type Mapper,
  type MapperContext,
  mappedOf,
  millis,
  whole,
} from '../../../venue/index.ts'
import { timeframeOf } from '../intervals.ts'
import { type Top, Tops } from './Tops.ts'
import { type TradeEvent, tradeOf } from './trade.ts'

interface BookData {
  readonly s: string
  readonly b: readonly BookLevel[]
  readonly a: readonly BookLevel[]
  readonly u: number
}

interface Bar {
  readonly start: number
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  readonly confirm: boolean
}

interface Message {
  readonly topic?: string
  readonly type?: 'snapshot' | 'delta'
  readonly ts?: number
  /** Time of the matching engine. */
  readonly cts?: number
  readonly data?: unknown
  readonly op?: string
  readonly success?: boolean
  readonly ret_msg?: string
  readonly req_id?: string
}

/** Maps the messages of one market. It remembers the best levels, which a change may leave out. */
export function mapperOf({ source, instruments }: MapperContext): Mapper {
  const tops = new Tops()
  return (text, receivedAt): Mapped => {
    const message = JSON.parse(text) as Message
    const { topic, data } = message
    if (topic === undefined || data === undefined) return controlOf(message)
    const [kind, second = '', third = ''] = topic.split('.', 3)
    if (kind === 'publicTrade')
      return mappedOf('trades', data as readonly TradeEvent[], (event) =>
        tradeOf(source, listedOf(instruments, second), event, receivedAt, 'live'),
      )
    if (kind === 'orderbook' && second === '1')
      return mappedOf('quotes', [message], () => {
        const listed = listedOf(instruments, third)
        const { time, number, bids, asks } = bookFields(message)
        const top = tops.take({ symbol: third, kind: kindOf(message), number, time, bids, asks })
        return top && quoteOf(source, listed, top, receivedAt)
      })
    if (kind === 'orderbook') {
      const { number, ...fields } = bookFields(message)
      return {
        kind: 'book',
        instrument: listedOf(instruments, third),
        message: { kind: kindOf(message), last: number, ...fields },
      }
    }
    const timeframe = kind === 'kline' ? timeframeOf(second) : undefined
    if (timeframe === undefined) return undefined
    return mappedOf('candles', data as readonly Bar[], (bar) =>
      candleOf(source, listedOf(instruments, third), timeframe, bar, receivedAt),
    )
  }
}

function bookFields({ data, cts, ts }: Message) {
  const { b, a, u } = data as BookData
  return { number: whole(u, 'u'), time: millis((cts ?? ts) as number), bids: b, asks: a }
}

function kindOf({ type }: Message): 'snapshot' | 'delta' {
  if (type === 'snapshot' || type === 'delta') return type
  throw new QiError('BAD_DATA', `type ${String(JSON.stringify(type)).slice(0, 40)} is neither snapshot nor delta`)
}

/** @returns undefined while one side is empty */
function quoteOf(source: string, listed: Listed, { number, time, bid, ask }: Top, receivedAt: Micros): Quote | undefined {
  if (!bid || !ask) return undefined
  return {
    coinId: listed.coinId,
    source,
    time,
    receivedAt,
    origin: 'live',
    currency: listed.quote,
    sequence: number,
    bid: figure(bid[0]),
    bidSize: figure(bid[1]),
    ask: figure(ask[0]),
    askSize: figure(ask[1]),
  }
}

function candleOf(
  source: string,
  { coinId, quote: currency }: Listed,
  timeframe: Timeframe,
  { start, open, high, low, close, volume, confirm }: Bar,
  receivedAt: Micros,
): Ohlcv {
  if (typeof confirm !== 'boolean') throw new QiError('BAD_DATA', 'confirm is missing')
  return {
    coinId,
    source,
    time: millis(start),
    receivedAt,
    origin: 'live',
    currency,
    timeframe,
    open: figure(open),
    high: figure(high),
    low: figure(low),
    close: figure(close),
    volume: figure(volume),
    isFinal: confirm,
    builtFrom: 'provider',
  }
}

function controlOf({ op, success, ret_msg: reason = '', req_id: id = '' }: Message): Mapped {
  if (op !== 'subscribe') return undefined
  if (!/^\d{1,15}$/.test(id)) {
    if (success) return undefined
    throw new QiError('BAD_DATA', `a subscription failed: ${reason}`)
  }
  return success ? { kind: 'ack', id: Number(id) } : { kind: 'ack', id: Number(id), refused: reason }
}
