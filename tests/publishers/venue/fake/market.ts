import { FakeBook } from './book.ts'

/** A trade of the fake venue; its id is one more than that of the trade before. */
export interface FakeTrade {
  readonly id: number
  readonly symbol: string
  readonly price: string
  readonly amount: string
  /** Microseconds since 1970. */
  readonly time: number
  /** The taker's side. */
  readonly side: 'buy' | 'sell'
}

/** Figures that a trade takes in turn; with zeros behind the point, as venues send them. */
const FIGURES: readonly (readonly [price: string, amount: string])[] = [
  ['61837.63000000', '0.00008000'],
  ['61837.64000000', '1.54698000'],
  ['61840.00000000', '12.00000000'],
  ['61836.01000000', '0.01570000'],
  ['0.00000056', '123456789012.34567800'],
]

/** All trades of a venue, by symbol. */
export class FakeMarket {
  readonly symbols: readonly string[]
  readonly #trades: ReadonlyMap<string, FakeTrade[]>
  readonly #firstId: number
  readonly books: ReadonlyMap<string, FakeBook>

  constructor(symbols: readonly string[], firstId = 1000) {
    this.symbols = symbols
    this.#firstId = firstId
    this.books = new Map(symbols.map((symbol) => [symbol, new FakeBook(symbol)]))
    this.#trades = new Map(symbols.map((symbol) => [symbol, []]))
  }

  /** Makes the next trade of a symbol. */
  trade(symbol: string): FakeTrade {
    const trades = this.of(symbol)
    const id = this.#firstId + trades.length
    const [price, amount] = FIGURES[trades.length % FIGURES.length] as readonly [string, string]
    // Whole milliseconds, which every venue has.
    const made: FakeTrade = { id, symbol, price, amount, time: Date.now() * 1000, side: id % 3 === 0 ? 'sell' : 'buy' }
    trades.push(made)
    return made
  }

  of(symbol: string): FakeTrade[] {
    return this.#trades.get(symbol) ?? []
  }

  /** Trades of a range of ids. */
  byId(symbol: string, first: number, last: number): readonly FakeTrade[] {
    return this.of(symbol).slice(Math.max(0, first - this.#firstId), Math.max(0, last - this.#firstId + 1))
  }
}
