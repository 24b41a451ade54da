import { type PriceKey, rescaledKey } from './priceKey.ts'

/** A level with its key. Of two levels of one side the better has the greater key. */
export interface KeyedLevel {
  readonly key: PriceKey
  readonly price: string
  readonly size: string
}

/**
 * One side of a book: lists of keys and of texts, sorted by key with the best level last, so that changes near the best price move few entries.
 *
 * The side may know that it is incomplete: beyond its horizon (the worst level of a snapshot that was cut) levels exist that it was never
 * told. Changes there are ignored, because a book with some of those levels would be wrong.
 */
export class BookSide {
  readonly #maxLevels: number
  readonly #windowed: boolean
  #keys: PriceKey[] = []
  /** Price and size of the level of `#keys[i]`, at 2i and 2i + 1. */
  #texts: string[] = []
  #horizon: PriceKey | undefined

  /** @param windowed true if the venue itself sends each level that comes into the subscribed depth: then nothing is ever unknown */
  constructor(maxLevels: number, windowed: boolean) {
    this.#maxLevels = maxLevels
    this.#windowed = windowed
  }

  /** Number of levels. */
  get length(): number {
    return this.#keys.length
  }

  /** Key of the best level. */
  get best(): PriceKey | undefined {
    return this.#keys[this.#keys.length - 1]
  }

  /** True if the best `count` levels, or all that exist, are known. */
  knows(count: number): boolean {
    return this.#horizon === undefined || this.#keys.length >= count
  }

  /** Sets the size at a price, keeping the newest texts. */
  set(key: PriceKey, price: string, size: string): void {
    if (this.#horizon !== undefined && key < this.#horizon) return
    const at = this.#find(key)
    if (this.#keys[at] === key) {
      this.#texts[2 * at] = price
      this.#texts[2 * at + 1] = size
    } else if (at === this.#keys.length) {
      this.#keys.push(key)
      this.#texts.push(price, size)
    } else {
      this.#keys.splice(at, 0, key)
      this.#texts.splice(2 * at, 0, price, size)
    }
  }

  /** Removes the level of a price, if there is one. */
  delete(key: PriceKey): void {
    const at = this.#find(key)
    if (this.#keys[at] !== key) return
    this.#keys.splice(at, 1)
    this.#texts.splice(2 * at, 2)
  }

  /** Removes the worst levels beyond the most that are kept. Called after a whole message: within one, a side may be longer. */
  cut(): void {
    const excess = this.#keys.length - this.#maxLevels
    if (excess <= 0) return
    this.#keys.splice(0, excess)
    this.#texts.splice(0, 2 * excess)
    if (!this.#windowed) this.#horizon = this.#keys[0]
  }

  /**
   * Replaces all levels; no two have one key.
   * @param goesOn true if the venue has levels beyond the worst of these
   */
  reset(levels: readonly KeyedLevel[], goesOn: boolean): void {
    // Venues send the best level first: reversed, the list is nearly sorted.
    const sorted = levels.toReversed().sort((a, b) => (a.key < b.key ? -1 : 1))
    this.#keys = sorted.map(({ key }) => key)
    this.#texts = sorted.flatMap(({ price, size }) => [price, size])
    this.#horizon = goesOn && !this.#windowed ? this.#keys[0] : undefined
    this.cut()
  }

  /** The best `count` levels, best first, in the venue's texts. */
  top(count: number): [price: string, size: string][] {
    const levels: [string, string][] = []
    const last = this.#keys.length - 1
    for (let i = last; i >= 0 && i > last - count; i--)
      levels.push([this.#texts[2 * i] as string, this.#texts[2 * i + 1] as string])
    return levels
  }

  /** Multiplies all keys by `10^decimals`. */
  rescale(decimals: number): void {
    this.#keys = this.#keys.map((key) => rescaledKey(key, decimals))
    if (this.#horizon !== undefined) this.#horizon = rescaledKey(this.#horizon, decimals)
  }

  /** Index of the first level that is not worse than `key`. */
  #find(key: PriceKey): number {
    const keys = this.#keys
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((keys[middle] as PriceKey) < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
