import { channel } from 'node:diagnostics_channel'
import { AGENT_CHANNEL, type AgentRunEvent, type RunEnd } from '../types/index.ts'

export interface AgentMetrics {
  readonly running: number
  readonly queued: number
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  /** Of all ended runs, in milliseconds; null before the first. */
  readonly duration: { readonly mean: number | null; readonly longest: number | null }
}

const runs = channel(AGENT_CHANNEL)

/** Counts the tasks of an agent by outcome, and publishes each change on the diagnostics channel. */
export class AgentCounters {
  readonly #agent: string
  readonly #ended = { succeeded: 0, failed: 0, cancelled: 0 }
  #running = 0
  #total = 0
  #longest = 0

  constructor(agent: string) {
    this.#agent = agent
  }

  started(workflow: string): void {
    this.#running++
    this.#publish({ workflow, state: 'started' })
  }

  ended(workflow: string, state: RunEnd, ms: number): void {
    this.#running--
    this.#ended[state]++
    this.#total += ms
    this.#longest = Math.max(this.#longest, ms)
    this.#publish({ workflow, state, ms })
  }

  read(queued: number): AgentMetrics {
    const count = this.#ended.succeeded + this.#ended.failed + this.#ended.cancelled
    const duration = count === 0 ? { mean: null, longest: null } : { mean: this.#total / count, longest: this.#longest }
    return { running: this.#running, queued, ...this.#ended, duration }
  }

  #publish(event: Pick<AgentRunEvent, 'workflow' | 'state' | 'ms'>): void {
    if (runs.hasSubscribers) runs.publish({ agent: this.#agent, running: this.#running, ...event } satisfies AgentRunEvent)
  }
}
