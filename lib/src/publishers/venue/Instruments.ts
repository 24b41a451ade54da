import type { Listed } from './listed.ts'

/** The instruments of a venue, by its own ids and by ours. */
export class Instruments {
  readonly #bySymbol = new Map<string, Listed>()
  readonly #byCoin = new Map<string, Listed>()

  constructor(listed: Iterable<Listed> = []) {
    this.replace(listed)
  }

  /** Takes a fresh list; instruments that are gone from it stay known, because their last records may still come. */
  replace(listed: Iterable<Listed>): void {
    for (const instrument of listed) {
      this.#bySymbol.set(instrument.symbol, instrument)
      if (instrument.alias !== undefined) this.#bySymbol.set(instrument.alias, instrument)
      const other = this.#byCoin.get(instrument.coinId)
      // Two listings may have one name, such as an old and a new contract: the one that trades wins.
      if (!other || instrument.active || !other.active) this.#byCoin.set(instrument.coinId, instrument)
    }
  }

  /** @param symbol the venue's own id */
  bySymbol(symbol: string): Listed | undefined {
    return this.#bySymbol.get(symbol)
  }

  /** @param name our id, or the venue's own */
  named(name: string): Listed | undefined {
    return this.#byCoin.get(name) ?? this.#bySymbol.get(name)
  }

  all(): Iterable<Listed> {
    return this.#byCoin.values()
  }

  get size(): number {
    return this.#byCoin.size
  }
}
