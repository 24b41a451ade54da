/** How often the simulated source gives a price of each coin. */
export const INTERVAL_MS = 1000
/**
 * The latest price of a coin is fresh while it is younger than two intervals of its source: one until the next price is due, one
 * for that to come through source, stream and store. The younger of two moments counts: when the answer is there, not when it was
 * asked for. A moment is fresh when that holds for all coins.
 */
export const FRESH_MS = 2 * INTERVAL_MS

export interface Asked {
  /** When the answer was there, in milliseconds since 1970. */
  readonly at: number
  /** Times of the latest prices; absent where there was no answer. */
  readonly times?: readonly number[]
}

/** Of the time between the first answer and the last, the share in which latest prices were fresh: each answer speaks for the time since the one before. */
export class Freshness {
  readonly #coins: number
  #last: number | undefined
  #fresh = 0
  #all = 0
  /** The greatest age of a latest price, in milliseconds. */
  oldestMs = 0

  constructor(coins: number) {
    this.#coins = coins
  }

  add({ at, times }: Asked): void {
    const oldest = times && times.length >= this.#coins ? at - Math.min(...times) : Number.POSITIVE_INFINITY
    this.oldestMs = Math.max(this.oldestMs, oldest)
    if (this.#last !== undefined) {
      this.#all += at - this.#last
      if (oldest <= FRESH_MS) this.#fresh += at - this.#last
    }
    this.#last = at
  }

  /** From 0 to 1; NaN before the second answer. */
  get share(): number {
    return this.#fresh / this.#all
  }
}
