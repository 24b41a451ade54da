import type { BookChange, FakeBook } from './book.ts'
import type { FakeMarket, FakeTrade } from './market.ts'

/** Answer of REST. */
export interface RestAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Subscription of a client. */
export interface Asked {
  /** Names of the topics. */
  readonly topics: readonly string[]
  /** Texts that answer. @param refused topics that the venue does not know */
  answer(refused: (topic: string) => boolean): readonly string[]
}

/** The wire form of one venue. */
export interface Dialect {
  readonly symbols: readonly string[]
  /** A client's text; undefined if it asks for nothing, such as a ping. @param path that of the socket */
  asked(text: string, path: string): Asked | undefined
  /** Answer to a client's text that asks for nothing. */
  answer?(text: string): string | undefined
  /** Topic of the trades of a symbol. */
  tradeTopic(symbol: string): string
  /** One frame or several with these trades of one symbol, in order. */
  tradeFrames(trades: readonly FakeTrade[]): readonly string[]
  /** Topic of the order book of a symbol. */
  bookTopic?(symbol: string): string
  bookFrame?(change: BookChange, book: FakeBook): string
  /** Sent when a client subscribes to an order book. */
  bookSnapshot?(book: FakeBook): string | undefined
  /** Texts that any client gets at times, such as heartbeats. */
  heartbeat?(market: FakeMarket): string | undefined
  rest(url: URL, market: FakeMarket): RestAnswer | undefined
}
