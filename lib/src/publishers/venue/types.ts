import type {
  Book,
  HistoryType,
  Micros,
  NumberRange,
  Ohlcv,
  Quote,
  RecordType,
  RecordValues,
  Rejected,
  Timeframe,
  Trade,
} from '../../base/types/index.ts'
import type { BookMessage, BookProtocol } from './book/index.ts'
import type { Instruments } from './Instruments.ts'
import type { Listed } from './listed.ts'

export type { Listed } from './listed.ts'

/** Kinds of data that a venue pushes. */
export const CHANNELS = ['trades', 'quotes', 'candles', 'books'] as const
export type Channel = (typeof CHANNELS)[number]

/** The record type of a channel. */
export const TYPE_OF = { trades: 'trade', quotes: 'quote', candles: 'ohlcv', books: 'book' } as const satisfies Record<
  Channel,
  HistoryType
>

/** Range of missing trades: by number, and the times of the trades around them. */
export interface TradeRange extends NumberRange {
  readonly from: Micros
  readonly to: Micros
}

/** One subscription: a channel of one instrument. */
export interface Topic {
  /** The venue's name of it, such as `btcusdt@trade`; no two topics share one. */
  readonly name: string
  readonly channel: Channel
  readonly instrument: Listed
  /** Of candles. */
  readonly timeframe?: Timeframe
}

/** A message that subscribes. */
export interface Subscription {
  /** Echoed by the acknowledgement, where the venue does that. */
  readonly id: number
  readonly text: string
  readonly topics: readonly Topic[]
}

/** Records of one message. */
export interface MappedRecords<R extends RecordValues = RecordValues> {
  readonly kind: 'trades' | 'quotes' | 'candles'
  readonly records: readonly R[]
  readonly rejected?: readonly Rejected[]
}

/** Answer to a subscription: of the request `id`, or of single topics by name; topics that were not asked for do no harm. */
export interface Acknowledged {
  readonly kind: 'ack'
  readonly id?: number
  /** The venue's id of an instrument: of the request, its topics alone are answered. */
  readonly symbol?: string
  readonly topics?: readonly string[]
  /** Why it was refused; undefined if it holds. */
  readonly refused?: string
}

/** Change of the order book of one instrument. */
export interface MappedBook {
  readonly kind: 'book'
  readonly instrument: Listed
  readonly message: BookMessage
}

/** Number of the last trade of an instrument, as a heartbeat tells: a trade that was missed on a quiet market is found by it. */
export interface LastNumber {
  readonly kind: 'last'
  readonly coinId: string
  readonly sequence: number
}

/** The venue ends the connection soon, or asks for a new one. */
export interface Ending {
  readonly kind: 'ending'
  readonly reason: string
}

/** Meaning of one message; undefined for one without any, such as a pong. */
export type Mapped =
  | MappedRecords<Trade>
  | MappedRecords<Quote>
  | MappedRecords<Ohlcv>
  | MappedBook
  | Acknowledged
  | LastNumber
  | Ending
  | { readonly kind: 'rejected'; readonly type: RecordType; readonly rejected: readonly Rejected[] }
  | undefined

/** Maps texts of one connection. Pure, but for caches. @throws QiError BAD_DATA for a text that is not the venue's */
export type Mapper = (text: string, receivedAt: Micros) => Mapped

export interface MapperContext {
  /** The `source` of the records. */
  readonly source: string
  readonly instruments: Instruments
}

/** Bounds of a venue. */
export interface VenueLimits {
  readonly subscriptionsPerSocket: number
  /** Topics in one subscribing message. */
  readonly topicsPerRequest: number
  /** Subscribing messages a second on one socket. */
  readonly requestsPerSecond: number
  /** New sockets per address and minute. */
  readonly connectionsPerMinute: number
  /** Most sockets of one address. */
  readonly socketsPerAddress: number
  /** The venue ends a socket after this long. */
  readonly lifetimeMs?: number
}

/** Heartbeat that the client sends. */
export interface Ping {
  readonly everyMs: number
  /** A message; undefined: a ping frame. */
  readonly text?: () => string
}

/** Trades over REST. */
export interface TradeHistory {
  /** `contiguous`: each trade's number is the one before plus one. `none`: ids without order. */
  readonly numbering: 'contiguous' | 'none'
  /** Trades of a range by number, oldest first, in pages. Present if numbering is contiguous. */
  readonly byNumber?: (instrument: Listed, range: TradeRange, signal?: AbortSignal) => AsyncIterable<Page<Trade>>
  /** Trades of a range of time, oldest first, in pages. */
  readonly byTime?: (instrument: Listed, from: Micros, to: Micros, signal?: AbortSignal) => AsyncIterable<Page<Trade>>
  /** The last trades, oldest first: all that a venue without numbers can give after a cut. */
  readonly recent?: (instrument: Listed, signal?: AbortSignal) => Promise<Page<Trade>>
  /** Trades of one window of a backfill. Default 10,000. */
  readonly perWindow?: number
  /** Length of one window of a backfill by time. Default one hour. */
  readonly windowMicros?: Micros
  /** How far back it reaches, for people. */
  readonly summary: string
}

/** Order books of a venue. */
export interface BookTraits {
  readonly protocol: BookProtocol
  /** Levels of a side to keep in memory, for records of this many. */
  readonly keptLevels: (levels: number) => number
  /** The book over REST, where the protocol needs a snapshot from there. */
  readonly snapshot?: (instrument: Listed, signal?: AbortSignal) => Promise<BookMessage>
  /** Messages that end subscriptions, where a new one brings a snapshot. */
  readonly unsubscribe?: (topics: readonly Topic[], id: number) => readonly string[]
  /** The record with its sizes in base units, where the venue counts contracts. Default: as it is. */
  readonly inBaseUnits?: (book: Book, instrument: Listed) => Book
}

/** Candles over REST. */
export interface CandleHistory {
  readonly timeframes: readonly Timeframe[]
  /** Bars of one call. */
  readonly perCall: number
  /** Most bars before now that the venue has; undefined: all. */
  readonly reach?: number
  /** The bars that open in a range, oldest first. */
  fetch(instrument: Listed, timeframe: Timeframe, from: Micros, to: Micros, signal?: AbortSignal): Promise<Page<Ohlcv>>
}

export interface Page<R extends RecordValues> {
  readonly records: readonly R[]
  readonly rejected?: readonly Rejected[]
}

/** A venue, with its settings applied: all that the feed engine knows of it. */
export interface Venue extends AsyncDisposable {
  /** Name for people, such as `Binance`. */
  readonly peer: string
  /** Resolution of the times of its records, whichever way they come: `time` is part of keys. */
  readonly resolution: 'ms' | 'us'
  readonly limits: VenueLimits
  /** Addresses of its sockets; the second feed of a twin takes the second. */
  readonly sockets: readonly string[]
  /** Path behind the address for a channel, such as `/public`, where channels have addresses of their own. Default: none. */
  readonly endpoint?: (channel: Channel) => string
  /** Any frame counts; a socket that is silent for longer is replaced. */
  readonly silenceMs: number
  readonly ping?: Ping
  /** Timeframes of the candles that it pushes. */
  readonly liveTimeframes: readonly Timeframe[]
  /** Tells when a pushed candle is final: a flag in it, or the next one. */
  readonly candlesEnd: 'flag' | 'next'
  /** True if the sequence of its quotes grows with each change. */
  readonly quotesNumbered: boolean
  listed(signal?: AbortSignal): Promise<readonly Listed[]>
  topic(channel: Channel, instrument: Listed, timeframe?: Timeframe): Topic
  subscribe(topics: readonly Topic[], id: number): Subscription[]
  mapper(context: MapperContext): Mapper
  readonly trades: TradeHistory
  readonly candles: CandleHistory
  readonly books: BookTraits
  /** The smallest call that shows that it answers. */
  reach(signal: AbortSignal): Promise<unknown>
  readonly baseUrl: string
  readonly answeredMsAgo: number | undefined
  close(): Promise<void>
}
