export interface AgentMetrics {
  readonly running: number
  readonly queued: number
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  /** Of all that have ended, in milliseconds. */
  readonly duration: { readonly mean: number | null; readonly longest: number | null }
}

/** What has become of the tasks of an agent. */
export class AgentCounters {
  readonly #ended = { succeeded: 0, failed: 0, cancelled: 0 }
  #total = 0
  #longest = 0

  ended(how: 'succeeded' | 'failed' | 'cancelled', ms: number): void {
    this.#ended[how]++
    this.#total += ms
    this.#longest = Math.max(this.#longest, ms)
  }

  read(running: number, queued: number): AgentMetrics {
    const count = this.#ended.succeeded + this.#ended.failed + this.#ended.cancelled
    const duration = count === 0 ? { mean: null, longest: null } : { mean: this.#total / count, longest: this.#longest }
    return { running, queued, ...this.#ended, duration }
  }
}
