import type { Pool, PoolClient } from '../../database/index.ts'
import { abortable, systemClock, throwIfAborted, withTimeout } from '../../networking/index.ts'
import { type Logger, QiError } from '../../types/index.ts'
import { exactlyOnce } from '../effects.ts'
import type { Decision, Journal, Lane, LaneResult } from './journal.ts'
import type { Workflow } from './model.ts'
import { runLane, type Scope } from './run.ts'

interface Parts {
  readonly workflow: Workflow
  readonly logger: Logger
  readonly pool: Pool | undefined
}

interface Asked {
  readonly question: string
  readonly answer: (decision: Decision) => void
}

/** A journal in memory. Values are copied between steps, as if they had been stored. */
export class InProcessJournal implements Journal {
  readonly run: string
  readonly scope: Scope
  readonly steps: string[] = []
  readonly #pool: Pool | undefined
  readonly #ended = new AbortController()
  readonly #asked = new Map<string, Asked>()

  constructor(run: string, { workflow, logger, pool }: Parts) {
    this.run = run
    this.#pool = pool
    this.scope = { workflow, journal: this, logger }
  }

  get ended(): boolean {
    return this.#ended.signal.aborted
  }

  get questions(): readonly { readonly step: string; readonly question: string }[] {
    return [...this.#asked].map(([step, { question }]) => ({ step, question }))
  }

  end(reason: QiError): void {
    this.#ended.abort(reason)
  }

  decide(step: string, decision: Decision): void {
    this.#asked.get(step)?.answer(decision)
  }

  async record<T>(path: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    throwIfAborted(this.#ended.signal)
    const result = await work(this.#ended.signal)
    throwIfAborted(this.#ended.signal)
    this.steps.push(path)
    return structuredClone(result)
  }

  sleep(_path: string, ms: number): Promise<void> {
    return systemClock.sleep(ms, this.#ended.signal)
  }

  async ask(path: string, question: string, timeoutMs: number): Promise<Decision> {
    const { promise, resolve } = Promise.withResolvers<Decision>()
    this.#asked.set(path, { question, answer: resolve })
    try {
      return await withTimeout(timeoutMs, `"${question}"`, (signal) => abortable(promise, signal), this.#ended.signal)
    } finally {
      this.#asked.delete(path)
    }
  }

  fork(_path: string, lanes: readonly Lane[]): Promise<readonly LaneResult[]> {
    return Promise.all(lanes.map((lane) => runLane(this.scope, lane)))
  }

  async transaction<T>(key: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    if (!this.#pool) throw new QiError('UNSUPPORTED', `${key}: this runner has no store; give it a pool`)
    return exactlyOnce(this.#pool, this.run, key, work)
  }
}
