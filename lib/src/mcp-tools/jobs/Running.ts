import { setTimeout as timer } from 'node:timers/promises'
import { errorMessage, type Logger, QiError, toQiError } from '../../base/index.ts'
import type { ToolAnswer } from '../answer/answerOf.ts'
import type { JobStore, Progress } from './JobStore.ts'

/** Progress goes to the store at most so often, in milliseconds. */
const TELL_MS = 250
/** How long to wait before the end of a job is stored again, in milliseconds. */
const AGAIN_MS = 1_000
const MOST_MESSAGE = 500

export type Outcome = { readonly answer: ToolAnswer } | { readonly error: QiError }

/** A call that runs in this process. Once it is a job, its row in the store follows it. */
export class Running {
  readonly id: string
  readonly #logger: Logger
  readonly #controller = new AbortController()
  #store: JobStore | undefined
  #progress: Progress | undefined
  #telling: Promise<void> | undefined
  #changed = Promise.withResolvers<void>()
  /** Never rejects. Settles once the end is in the store, where it is a job. */
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

  /** Resolves when its row changes next. */
  get changed(): Promise<void> {
    return this.#changed.promise
  }

  /** From now on its row, which is there, follows it. */
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

  /** A tool that was cancelled may fail in its own words. */
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
      .catch((error: unknown) => this.#logger.debug({ job: this.id, error: errorMessage(error) }, 'progress was not stored'))
      .finally(() => {
        this.#telling = undefined
      })
  }

  /** A job whose end is not stored would seem to run for ever: it is tried until the store is closed. */
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
        this.#logger.warn({ job: this.id, error: errorMessage(failure) }, 'the end of a job could not be stored')
        if (toQiError(failure).code === 'CLOSED' || this.#closing.signal.aborted) break
        await timer(AGAIN_MS, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {})
      }
    }
    this.#tellChanged()
  }

  readonly #closing = new AbortController()

  /** Gives up storing the end: the process stops, and others see that it is gone. */
  giveUp(): void {
    this.#closing.abort()
  }

  #tellChanged(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** The part of a failure that is kept. A defect may quote internals: its message goes to the log alone. */
export function shownError(error: QiError): Record<string, unknown> {
  return error.code === 'INTERNAL'
    ? { ...error.toJSON(), message: 'a defect in QiCore: the log of the server says more' }
    : error.toJSON()
}
