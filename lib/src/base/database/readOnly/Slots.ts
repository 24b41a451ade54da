import { QiError } from '../../types/index.ts'

/** The most callers that wait for a slot. */
const MOST_WAITING = 20

/** Slots for queries that run at once; a caller has at most one. */
export class Slots {
  readonly #most: number
  readonly #patienceMs: number
  readonly #held = new Set<string>()
  readonly #waiting: { readonly caller: string; enter(): void }[] = []

  constructor(most: number, patienceMs: number) {
    this.#most = most
    this.#patienceMs = patienceMs
  }

  /** True while every slot is taken. */
  get full(): boolean {
    return this.#held.size >= this.#most
  }

  /**
   * Takes a slot, and waits a short while for one.
   * @returns a function that releases it
   * @throws QiError RATE_LIMITED if none becomes free
   */
  async take(caller: string): Promise<() => void> {
    if (!this.#free(caller)) await this.#wait(caller)
    this.#held.add(caller)
    return () => {
      this.#held.delete(caller)
      const next = this.#waiting.findIndex((waiting) => this.#free(waiting.caller))
      if (next >= 0) this.#waiting.splice(next, 1)[0]?.enter()
    }
  }

  #free = (caller: string): boolean => !this.#held.has(caller) && !this.full

  #wait(caller: string): Promise<void> {
    if (this.#waiting.length >= MOST_WAITING) return Promise.reject(this.#refusal(caller))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = {
      caller,
      // Taken here, before another caller can take it.
      enter: () => {
        this.#held.add(caller)
        resolve()
      },
    }
    this.#waiting.push(waiting)
    const late = setTimeout(() => {
      const at = this.#waiting.indexOf(waiting)
      if (at < 0) return
      this.#waiting.splice(at, 1)
      reject(this.#refusal(caller))
    }, this.#patienceMs)
    return promise.finally(() => clearTimeout(late))
  }

  #refusal(caller: string): QiError {
    const why = this.#held.has(caller)
      ? 'another query of yours is still running, and each caller has one at a time: wait for its answer'
      : `${this.#most} queries of others are running, which is the most at once`
    return new QiError('RATE_LIMITED', `sql: ${why}; try again in some seconds, or use a named query`, {
      field: 'sql',
      retryAfterMs: 5_000,
    })
  }
}
