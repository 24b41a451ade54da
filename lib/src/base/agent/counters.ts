import { channel } from 'node:diagnostics_channel'

/** Where agents tell of each run that begins or ends in this process. */
export const AGENT_CHANNEL = 'qicore:agent'

export interface AgentRunEvent {
  readonly agent: string
  /** The name of the workflow. */
  readonly workflow: string
  readonly state: 'started' | RunEnd
  /** How many runs of the agent are in progress now. */
  readonly running: number
  /** How long it took, once it has ended. */
  readonly ms?: number
}

/** `cancelled`: also one that goes on at the next start, since this process stops. */
export type RunEnd = 'succeeded' | 'failed' | 'cancelled'

export interface AgentMetrics {
  readonly running: number
  readonly queued: number
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  /** Of all that have ended, in milliseconds. */
  readonly duration: { readonly mean: number | null; readonly longest: number | null }
}

const runs = channel(AGENT_CHANNEL)

/** What has become of the tasks of an agent while they change; tells the diagnostics channel of each change. */
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
    this.#tell({ workflow, state: 'started' })
  }

  ended(workflow: string, state: RunEnd, ms: number): void {
    this.#running--
    this.#ended[state]++
    this.#total += ms
    this.#longest = Math.max(this.#longest, ms)
    this.#tell({ workflow, state, ms })
  }

  read(queued: number): AgentMetrics {
    const count = this.#ended.succeeded + this.#ended.failed + this.#ended.cancelled
    const duration = count === 0 ? { mean: null, longest: null } : { mean: this.#total / count, longest: this.#longest }
    return { running: this.#running, queued, ...this.#ended, duration }
  }

  #tell(event: Pick<AgentRunEvent, 'workflow' | 'state' | 'ms'>): void {
    if (runs.hasSubscribers) runs.publish({ agent: this.#agent, running: this.#running, ...event } satisfies AgentRunEvent)
  }
}
