import { type Clock, systemClock } from './clock.ts'

/** Longest wait of a small batch for more records, in milliseconds. */
const MOST_MS = 5

/**
 * Decides when the next small batch is due: at once while no batch is in progress. While one is, the next one gathers, and for as long
 * again after it: so the fixed cost of batches takes at most half of the time.
 */
export class Linger {
  readonly #clock: Clock
  #due = Number.NEGATIVE_INFINITY

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** Remaining wait of a small batch in whole milliseconds; 0 if it is due. */
  get ms(): number {
    return Math.max(0, Math.round(this.#due - this.#clock.now()))
  }

  /** Called when a batch starts. @returns a function to call when it is done */
  begin(): () => void {
    const started = this.#clock.now()
    // With several batches in progress, a slow one does not delay the next longer than this.
    this.#due = started + MOST_MS
    return () => {
      const ended = this.#clock.now()
      this.#due = ended + Math.min(ended - started, MOST_MS)
    }
  }
}
