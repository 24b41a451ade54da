type Level = readonly [price: string, size: string]

/** A change of a book: the updates `first` to `last`. */
export interface BookChange {
  readonly symbol: string
  readonly first: number
  readonly last: number
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** The true order book of a symbol of the fake venue. */
export class FakeBook {
  readonly symbol: string
  readonly bids = new Map<string, string>()
  readonly asks = new Map<string, string>()
  last = 5000

  constructor(symbol: string) {
    this.symbol = symbol
    for (let i = 1; i <= 300; i++) {
      this.bids.set((100 - i / 100).toFixed(8), `${i}.50000000`)
      this.asks.set((100 + i / 100).toFixed(8), `${i}.25000000`)
    }
  }

  /** Changes one of the best levels of each side, as `n` says, and gives the change. */
  change(n: number): BookChange {
    const first = this.last + 1
    this.last += 2
    const bid: Level = [(100 - ((n % 8) + 1) / 100).toFixed(8), n % 7 === 0 ? '0.00000000' : `${n + 1}.12500000`]
    const ask: Level = [(100 + ((n % 8) + 1) / 100).toFixed(8), n % 11 === 0 ? '0.00000000' : `${n + 1}.37500000`]
    for (const [side, [price, size]] of [
      [this.bids, bid],
      [this.asks, ask],
    ] as const) {
      if (Number(size) === 0) side.delete(price)
      else side.set(price, size)
    }
    return { symbol: this.symbol, first, last: this.last, bids: [bid], asks: [ask] }
  }

  /** The best levels of both sides. */
  top(count: number): { readonly bids: readonly Level[]; readonly asks: readonly Level[] } {
    const sorted = (side: ReadonlyMap<string, string>, order: 1 | -1) =>
      [...side].sort(([a], [b]) => order * (Number(a) - Number(b))).slice(0, count)
    return { bids: sorted(this.bids, -1), asks: sorted(this.asks, 1) }
  }
}
