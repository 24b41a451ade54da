import type { Pool, PoolClient } from '../../database/index.ts'
import { QiError } from '../../types/index.ts'
import { exactlyOnce } from '../effects.ts'
import type { Decision, Journal, Lane, LaneResult } from '../workflow/journal.ts'
import type { Functions } from './dbos.ts'

export interface JournalParts {
  readonly functions: Functions
  readonly pool: Pool
  readonly workflow: string
  /** The id of the run; the same for its lanes. */
  readonly run: string
  /** Aborted when this process stops. Steps in progress are left unrecorded, so that another process repeats them. */
  readonly closing: AbortSignal
}

/** The DBOS event that holds the open question of a run or lane. */
export const QUESTION = 'question'

const never = new Promise<never>(() => {})

/** Records each step in PostgreSQL, by DBOS. */
export class DurableJournal implements Journal {
  readonly run: string
  readonly #parts: JournalParts
  #stopped: unknown

  constructor(parts: JournalParts) {
    this.run = parts.run
    this.#parts = parts
  }

  /** The error with which DBOS ended the run here: it was cancelled, or another process took it over. */
  get stopped(): unknown {
    return this.#stopped
  }

  get ended(): boolean {
    return this.#stopped !== undefined || this.#parts.closing.aborted
  }

  record<T>(path: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { closing } = this.#parts
    const { dbos } = this.#parts.functions
    return this.#guarded(() =>
      dbos.runStep(
        async () => {
          const cancelled = dbos.stepStatus?.cancelSignal
          const result = await work(cancelled ? AbortSignal.any([closing, cancelled]) : closing)
          // A result after the stop signal may be an abort: it must not be recorded as the step's end.
          return closing.aborted ? never : result
        },
        { name: path },
      ),
    )
  }

  async sleep(_path: string, ms: number): Promise<void> {
    await this.#guarded(() => this.#parts.functions.dbos.sleep(ms))
  }

  async ask(path: string, question: string, timeoutMs: number): Promise<Decision> {
    const { dbos } = this.#parts.functions
    const decision = await this.#guarded(async () => {
      await dbos.setEvent(QUESTION, { step: path, question })
      const answer = await dbos.recv<Decision>(path, { timeoutSeconds: timeoutMs / 1000 })
      await dbos.setEvent(QUESTION, null)
      return answer
    })
    if (!decision) throw new QiError('TIMEOUT', `"${question}": no answer within ${timeoutMs} ms`)
    return decision
  }

  fork(_path: string, lanes: readonly Lane[]): Promise<readonly LaneResult[]> {
    const { functions, workflow } = this.#parts
    return this.#guarded(async () => {
      const handles = []
      // Started one after another, so that a repetition gives each the same id.
      for (const lane of lanes) handles.push(await functions.dbos.startWorkflow(functions.lane)(workflow, this.run, lane))
      const results: LaneResult[] = []
      for (const handle of handles) results.push(await handle.getResult())
      return results
    })
  }

  transaction<T>(key: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return exactlyOnce(this.#parts.pool, this.run, key, work)
  }

  async #guarded<T>(call: () => Promise<T>): Promise<T> {
    if (this.#parts.closing.aborted) return never
    try {
      return await call()
    } catch (error) {
      if (this.#parts.closing.aborted) return never
      this.#stopped ??= error
      throw error
    }
  }
}
