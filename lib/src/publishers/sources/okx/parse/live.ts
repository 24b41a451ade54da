import { type Micros, QiError, type Quote } from '../../../../base/types/index.ts'
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
import { timeframeOf } from '../bars.ts'
import { candleOf } from './candle.ts'
import { type TradeEvent, tradeOf, unitsOf } from './trade.ts'

interface Levels {
  readonly asks: readonly BookLevel[]
  readonly bids: readonly BookLevel[]
  readonly ts: string
}

interface Ticker extends Levels {
  readonly seqId: number
}

interface BookUpdate extends Levels {
  /** Absent before 2023. */
  readonly seqId?: number
  /** -1 in a snapshot. */
  readonly prevSeqId?: number
  /** 0 where OKX makes none. */
  readonly checksum?: number
}

interface Message {
  readonly arg?: { readonly channel: string; readonly instId: string }
  readonly action?: 'snapshot' | 'update'
  readonly data?: readonly unknown[]
  readonly id?: string
  readonly event?: string
  readonly code?: string
  readonly msg?: string
}

/** Name of a topic by the parts of its subscription. */
export const nameOf = (channel: string, instId: string): string => `${channel}:${instId}`

/** Maps the messages of both endpoints. */
export function mapperOf({ source, instruments }: MapperContext): Mapper {
  return (text, receivedAt): Mapped => {
    if (text === 'pong') return undefined
    const message = JSON.parse(text) as Message
    const { arg, data } = message
    if (message.event !== undefined || !arg || !data) return controlOf(message)
    const { channel, instId } = arg
    if (channel === 'trades-all')
      return mappedOf('trades', data as readonly TradeEvent[], (event) =>
        tradeOf(source, listedOf(instruments, instId), event, receivedAt, 'live'),
      )
    if (channel === 'bbo-tbt')
      return mappedOf('quotes', data as readonly Ticker[], (ticker) =>
        quoteOf(source, listedOf(instruments, instId), ticker, receivedAt),
      )
    if (channel === 'books') return bookOf(listedOf(instruments, instId), message)
    const timeframe = channel.startsWith('candle') ? timeframeOf(channel.slice(6)) : undefined
    if (timeframe === undefined) return undefined
    return mappedOf('candles', data as readonly (readonly unknown[])[], (row) =>
      candleOf(source, listedOf(instruments, instId), timeframe, row, receivedAt, 'live'),
    )
  }
}

/** @returns undefined while one side is empty */
function quoteOf(source: string, listed: Listed, { asks, bids, ts, seqId }: Ticker, receivedAt: Micros): Quote | undefined {
  const [bid] = bids
  const [ask] = asks
  if (!bid || !ask) return undefined
  return {
    coinId: listed.coinId,
    source,
    time: millis(ts),
    receivedAt,
    origin: 'live',
    currency: listed.quote,
    sequence: whole(seqId, 'seqId'),
    bid: figure(bid[0]),
    bidSize: unitsOf(listed, bid[1]),
    ask: figure(ask[0]),
    askSize: unitsOf(listed, ask[1]),
  }
}

/** The levels stay as they came, in contracts where the venue counts these: the checksum is made of them. */
function bookOf(instrument: Listed, { action, data = [] }: Message): Mapped {
  const [update, ...more] = data as readonly BookUpdate[]
  if (!update || more.length > 0) throw new QiError('BAD_DATA', `a message of books has ${data.length} updates, expected one`)
  if (action !== 'snapshot' && action !== 'update')
    throw new QiError('BAD_DATA', `action ${String(JSON.stringify(action)).slice(0, 40)} is neither snapshot nor update`)
  const { asks, bids, ts, seqId, prevSeqId, checksum } = update
  return {
    kind: 'book',
    instrument,
    message: {
      kind: action === 'snapshot' ? 'snapshot' : 'delta',
      ...(seqId !== undefined && { last: whole(seqId, 'seqId') }),
      ...(prevSeqId !== undefined && prevSeqId !== -1 && { previous: whole(prevSeqId, 'prevSeqId') }),
      ...(checksum !== undefined && { checksum }),
      time: millis(ts),
      bids,
      asks,
    },
  }
}

/** Names the topic that an error is about, such as `channel:trades-all,instId:BTC-USDX doesn't exist`. */
const TOPIC = /channel:([\w-]+),instId:([\w-]+)/
/** Code of the notice that the connection is closed soon for an upgrade. */
const UPGRADE = '64008'

function controlOf({ event, arg, id, code, msg = '' }: Message): Mapped {
  if (event === 'subscribe' && arg) return { kind: 'ack', topics: [nameOf(arg.channel, arg.instId)] }
  if (event === 'notice' && code === UPGRADE) return { kind: 'ending', reason: msg }
  if (event !== 'error') return undefined
  const refused = `error ${code}: ${msg}`
  const [, channel, instId] = TOPIC.exec(msg) ?? []
  if (channel !== undefined && instId !== undefined) return { kind: 'ack', topics: [nameOf(channel, instId)], refused }
  if (id !== undefined && /^\d{1,15}$/.test(id)) return { kind: 'ack', id: Number(id), refused }
  throw new QiError('BAD_DATA', refused)
}
