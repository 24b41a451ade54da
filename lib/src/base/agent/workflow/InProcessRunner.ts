import type { Pool } from '../../database/index.ts'
import { type Logger, QiError, silentLogger, toQiError } from '../../types/index.ts'
import { InProcessJournal } from './InProcessJournal.ts'
import { newRunId } from './ids.ts'
import { checkedInput } from './input.ts'
import type { Decision } from './journal.ts'
import type { Workflow } from './model.ts'
import { questionOf } from './questions.ts'
import { runWorkflow } from './run.ts'
import type { Run, RunOptions, RunStatus, WorkflowRunner } from './runner.ts'

interface Entry {
  readonly journal: InProcessJournal
  readonly result: Promise<unknown>
  status: Omit<RunStatus, 'questions' | 'steps'>
}

/** Most ended runs that are kept. */
const REMEMBERED = 1000

export interface InProcessRunnerOptions {
  readonly logger?: Logger
  /** For steps with effects in the store. */
  readonly pool?: Pool
}

/** Runs workflows in memory: runs end with the process. */
export class InProcessRunner implements WorkflowRunner {
  readonly durable = false
  readonly #logger: Logger
  readonly #pool: Pool | undefined
  readonly #entries = new Map<string, Entry>()
  #closed = false

  constructor({ logger = silentLogger, pool }: InProcessRunnerOptions = {}) {
    this.#logger = logger
    this.#pool = pool
  }

  async start<I, O>(workflow: Workflow<I, O>, input: I, { id = newRunId(workflow.name) }: RunOptions = {}): Promise<Run<O>> {
    if (this.#closed) throw new QiError('CLOSED', `${workflow.name}: the runner is closed`)
    const begun = this.#entries.get(id)
    if (begun) return { id, result: begun.result as Promise<O> }
    const plain: Workflow = workflow
    const value = checkedInput(plain, input)
    const journal = new InProcessJournal(id, { workflow: plain, logger: this.#logger, pool: this.#pool })
    const result = runWorkflow(journal.scope, structuredClone(value))
    const entry: Entry = {
      journal,
      result,
      status: { id, workflow: workflow.name, state: 'running', startedAt: Date.now() },
    }
    this.#entries.set(id, entry)
    this.#forget()
    const ended = (state: RunStatus['state'], error?: unknown) => {
      entry.status = {
        ...entry.status,
        state,
        endedAt: Date.now(),
        ...(error !== undefined && { error: toQiError(error).message }),
      }
    }
    result.then(
      () => ended('succeeded'),
      (error: unknown) => ended(journal.ended ? 'cancelled' : 'failed', error),
    )
    return { id, result: result as Promise<O> }
  }

  async status(id: string): Promise<RunStatus | undefined> {
    const entry = this.#entries.get(id)
    return entry && view(entry)
  }

  async list({
    limit = 50,
    workflow,
  }: {
    readonly limit?: number
    readonly workflow?: string
  } = {}): Promise<readonly RunStatus[]> {
    const all = [...this.#entries.values()].filter(({ status }) => !workflow || status.workflow === workflow)
    return all.toReversed().slice(0, limit).map(view)
  }

  async decide(id: string, decision: Decision, step?: string): Promise<void> {
    const { journal } = this.#entry(id)
    journal.decide(questionOf(id, journal.questions, step).step, decision)
  }

  async cancel(id: string): Promise<void> {
    this.#entry(id).journal.end(new QiError('CANCELLED', `${id} was cancelled`))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { journal } of this.#entries.values()) journal.end(new QiError('CLOSED', 'the runner was closed'))
    await Promise.allSettled([...this.#entries.values()].map(({ result }) => result))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw new QiError('NOT_FOUND', `there is no run ${id}`)
    return entry
  }

  #forget(): void {
    for (const [id, { status }] of this.#entries) {
      if (this.#entries.size <= REMEMBERED) return
      if (status.endedAt !== undefined) this.#entries.delete(id)
    }
  }
}

const view = ({ status, journal }: Entry): RunStatus => ({
  ...status,
  state: status.state === 'running' && journal.questions.length > 0 ? 'waiting' : status.state,
  questions: journal.questions,
  steps: journal.steps,
})
