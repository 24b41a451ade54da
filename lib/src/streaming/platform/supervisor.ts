import { setTimeout } from 'node:timers/promises'
import { type Logger, type PartStatus, QiError, tellFailure, toQiError } from '../../base/index.ts'

export interface SupervisorOptions {
  readonly baseMs?: number
  readonly maxMs?: number
  /** A part that ran this long is taken to be well: its backoff starts anew. */
  readonly healthyMs?: number
  /** True for a failure that starting the part again cannot mend: the part then stays `failed`. Default: none is. */
  readonly isFinal?: (part: string, error: QiError) => boolean
  /** Called once for each final failure. */
  readonly onFinal?: (part: string, error: QiError) => void
}

type Run = (signal: AbortSignal) => Promise<void>

/**
 * Runs parts until stopped. A part that fails is started again, after a wait that doubles from `baseMs` to `maxMs`; one whose failure
 * is final stays `failed` until {@link Supervisor.restart} or {@link Supervisor.add}.
 */
export class Supervisor {
  readonly #logger: Logger
  readonly #options: Required<SupervisorOptions>
  readonly #stop = new AbortController()
  readonly #parts = new Map<string, PartStatus>()
  /** Cuts the wait of a part short that has failed. */
  readonly #wake = new Map<string, AbortController>()
  readonly #running = new Map<string, { readonly stop: AbortController; readonly done: Promise<void>; readonly run: Run }>()

  constructor(logger: Logger, options: SupervisorOptions = {}) {
    this.#logger = logger
    this.#options = { baseMs: 250, maxMs: 30_000, healthyMs: 60_000, isFinal: () => false, onFinal: () => {}, ...options }
  }

  /** @param run runs until its signal aborts; when it returns by itself, the part is finished and not started again */
  add(name: string, run: Run): void {
    if (this.runs(name)) throw new QiError('INTERNAL', `a part named ${name} runs already`)
    this.#set(name, { name, state: 'running', since: Date.now(), restarts: 0 })
    const stop = new AbortController()
    const done = this.#supervise(name, run, AbortSignal.any([this.#stop.signal, stop.signal]))
    this.#running.set(name, { stop, done, run })
  }

  /** Whether the part runs, or is about to be started again. */
  runs(name: string): boolean {
    const state = this.#parts.get(name)?.state
    return state === 'running' || state === 'restarting'
  }

  status(): readonly PartStatus[] {
    return [...this.#parts.values()]
  }

  /** Asks one part to drain and returns when it has; it can be added again. */
  async stopPart(name: string): Promise<void> {
    const part = this.#running.get(name)
    part?.stop.abort()
    await part?.done
  }

  /** Ends a part for good: it is no longer told of. */
  async remove(name: string): Promise<void> {
    await this.stopPart(name)
    this.#running.delete(name)
    this.#parts.delete(name)
  }

  /** Begins a part anew: at once where it waits after a failure, else once it has drained. @throws QiError NOT_FOUND */
  async restart(name: string): Promise<void> {
    const part = this.#running.get(name)
    if (!part) throw new QiError('NOT_FOUND', `there is no part named "${name.slice(0, 80)}"`, { field: 'part' })
    const wake = this.#wake.get(name)
    if (wake) return wake.abort()
    await this.stopPart(name)
    if (!this.#stop.signal.aborted) this.add(name, part.run)
  }

  /** Asks every part to drain and returns when all have. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  async #supervise(name: string, run: Run, signal: AbortSignal): Promise<void> {
    const { baseMs, maxMs, healthyMs, isFinal, onFinal } = this.#options
    let waitMs = baseMs
    let restarts = 0
    let failingSince: number | undefined
    while (!signal.aborted) {
      const started = Date.now()
      try {
        await run(signal)
        this.#set(name, { name, state: signal.aborted ? 'stopped' : 'finished', since: Date.now(), restarts })
        return
      } catch (failure) {
        if (signal.aborted) {
          this.#logger.warn({ part: name, error: toQiError(failure) }, `${name} failed while it was stopping`)
          break
        }
        if (Date.now() - started > healthyMs) {
          waitMs = baseMs
          failingSince = undefined
        }
        failingSince ??= Date.now()
        const error = toQiError(failure)
        if (isFinal(name, error)) {
          this.#set(name, { name, state: 'failed', since: Date.now(), restarts, lastError: error })
          tellFailure(name, error)
          this.#logger.error({ part: name, error }, `${name} failed: ${error.message}; it is not started again`)
          onFinal(name, error)
          return
        }
        const delay = Math.max(waitMs, error.retryAfterMs ?? 0)
        const failed = { name, restarts, failingSince, lastError: error }
        this.#set(name, { ...failed, state: 'restarting', since: Date.now(), retryAt: Date.now() + delay })
        tellFailure(name, error)
        this.#logger.error(
          { part: name, error, delayMs: delay },
          `${name} failed: ${error.message}; started again in ${delay} ms`,
        )
        const wake = new AbortController()
        this.#wake.set(name, wake)
        await setTimeout(delay, undefined, { signal: AbortSignal.any([signal, wake.signal]) }).catch(() => {})
        this.#wake.delete(name)
        waitMs = Math.min(waitMs * 2, maxMs)
        restarts++
        this.#set(name, { ...failed, state: 'running', since: Date.now(), restarts })
      }
    }
    this.#set(name, { name, state: 'stopped', since: Date.now(), restarts })
  }

  #set(name: string, status: PartStatus): void {
    this.#parts.set(name, status)
  }
}
