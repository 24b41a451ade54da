import { type Clock, systemClock } from './clock.ts'

/** No small batch waits longer for company, in milliseconds. */
const MOST_MS = 5

/**
 * When the next small batch is due. While nothing is under way it is due at once. While a batch is under way the next one gathers,
 * and after one that took t for t more: what each batch costs by itself, however small, takes half of the time at most.
 */
export class Linger {
  readonly #clock: Clock
  #due = Number.NEGATIVE_INFINITY

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** How long a small batch waits from now on, in whole milliseconds, which is what timers keep; 0 where it is due. */
  get ms(): number {
    return Math.max(0, Math.round(this.#due - this.#clock.now()))
  }

  /** Called when a batch goes its way. @returns what is to be called when it is done */
  begin(): () => void {
    const started = this.#clock.now()
    // A caller that can have several batches under way does not wait longer than this for a slow one.
    this.#due = started + MOST_MS
    return () => {
      const ended = this.#clock.now()
      this.#due = ended + Math.min(ended - started, MOST_MS)
    }
  }
}
