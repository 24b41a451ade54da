import { setTimeout as timer } from 'node:timers/promises'
import { type Logger, QiError, toQiError } from '../../base/types/index.ts'
import type { ToolAnswer } from '../answer/answerOf.ts'
import type { JobStore, Progress } from './JobStore.ts'

/** Least time between two writes of progress to the store, in milliseconds. */
const TELL_MS = 250
/** Wait before another attempt to store the end of a job, in milliseconds. */
const AGAIN_MS = 1_000
const MOST_MESSAGE = 500

export type Outcome = { readonly answer: ToolAnswer } | { readonly error: QiError }

/** A call that runs in this process. Once it is a job, its row in the store is kept up to date. */
export class Running {
  readonly id: string
  readonly #logger: Logger
  readonly #controller = new AbortController()
  #store: JobStore | undefined
  #progress: Progress | undefined
  #telling: Promise<void> | undefined
  #changed = Promise.withResolvers<void>()
  /** Never rejects. Of a job, settles once its end is in the store. */
  readonly ended: Promise<Outcome>

  constructor(id: string, logger: Logger, work: (running: Running) => Promise<ToolAnswer>) {
    this.id = id
    this.#logger = logger
    this.ended = Promise.resolve().then(() => this.#run(work))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get isJob(): boolean {
    return this.#store !== undefined
  }

  /** Resolves at the next change of its row. */
  get changed(): Promise<void> {
    return this.#changed.promise
  }

  /** Makes it a job, whose row exists already. */
  becomeJob(store: JobStore): void {
    this.#store = store
    if (this.#progress) this.#tell()
  }

  abort(reason: QiError): void {
    this.#controller.abort(reason)
  }

  progress(done: number, total: number | undefined, message: string): void {
    this.#progress = { done, total: total ?? null, message: message.slice(0, MOST_MESSAGE) }
    this.#tell()
  }

  async #run(work: (running: Running) => Promise<ToolAnswer>): Promise<Outcome> {
    const outcome = await work(this).then(
      (answer) => ({ answer }),
      (failure: unknown) => ({ error: this.#reasonOf(failure) }),
    )
    this.#progress = undefined
    await this.#telling
    if (this.#store) await this.#end(this.#store, outcome)
    return outcome
  }

  /** A cancelled tool may fail with an error of its own. */
  #reasonOf(failure: unknown): QiError {
    const { aborted, reason } = this.signal
    return aborted && reason instanceof QiError ? reason : toQiError(failure)
  }

  #tell(): void {
    const store = this.#store
    if (!store || this.#telling) return
    const tell = async () => {
      for (let progress = this.#progress; progress; progress = this.#progress) {
        this.#progress = undefined
        await store.progress(this.id, progress)
        this.#tellChanged()
        await timer(TELL_MS, undefined, { ref: false })
      }
    }
    this.#telling = tell()
      .catch((error: unknown) => this.#logger.debug({ job: this.id, err: error }, 'progress was not stored'))
      .finally(() => {
        this.#telling = undefined
      })
  }

  /** Stores the end, with retries until the store is closed: otherwise the job would seem to run for ever. */
  async #end(store: JobStore, outcome: Outcome): Promise<void> {
    const cancelled = 'error' in outcome && outcome.error.code === 'CANCELLED'
    const state = 'answer' in outcome ? 'done' : cancelled ? 'cancelled' : 'failed'
    const result = 'answer' in outcome ? JSON.stringify(outcome.answer.structured) : undefined
    const error = 'error' in outcome ? JSON.stringify(shownError(outcome.error)) : undefined
    for (;;) {
      try {
        await store.end(this.id, state, result, error)
        break
      } catch (failure) {
        this.#logger.warn({ job: this.id, err: failure }, 'the end of a job could not be stored')
        if (toQiError(failure).code === 'CLOSED' || this.#closing.signal.aborted) break
        await timer(AGAIN_MS, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {})
      }
    }
    this.#tellChanged()
  }

  readonly #closing = new AbortController()

  /** Stops the retries: the process stops, and others see that it is gone. */
  giveUp(): void {
    this.#closing.abort()
  }

  #tellChanged(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** The stored part of a failure. A defect may quote internals: its message goes to the log alone. */
export function shownError(error: QiError): Record<string, unknown> {
  return error.code === 'INTERNAL'
    ? { ...error.toJSON(), message: 'a defect in QiCore: the log of the server says more' }
    : error.toJSON()
}
