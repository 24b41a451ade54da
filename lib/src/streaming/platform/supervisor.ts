import { setTimeout } from 'node:timers/promises'
import { emitFailure, type Logger, type PartStatus, QiError, toQiError } from '../../base/types/index.ts'

export interface SupervisorOptions {
  /** First wait after a failure; each further one doubles it, up to `maxMs`. Default 250 ms. */
  readonly baseMs?: number
  /** Default 30 s. */
  readonly maxMs?: number
  /** A part that has run this long is healthy: after its next failure the waits begin at `baseMs` again. Default 60 s. */
  readonly healthyMs?: number
  /** True for a failure that no restart can fix. Default: none is. */
  readonly isFinal?: (part: string, error: QiError) => boolean
  /** Called once for each final failure. */
  readonly onFinal?: (part: string, error: QiError) => void
}

/** Runs until the signal aborts. Returning earlier finishes the part; an error is a failure. */
type Run = (signal: AbortSignal) => Promise<void>

interface Part {
  readonly name: string
  readonly run: Run
  readonly stop: AbortController
  status: PartStatus
  done: Promise<void>
  /** Ends the wait of a part that is `restarting`. */
  wake?: AbortController | undefined
}

/**
 * Runs parts until they are stopped, and restarts those that fail.
 *
 * | state | entered by | left by |
 * |---|---|---|
 * | `running` | add(), restart(), the end of a wait | its run returns → `finished`; fails → `restarting` or, for good, `failed`; stop → `stopped` |
 * | `restarting` | a failure that a restart may fix | the wait ends, or restart() → `running`; stop → `stopped` |
 * | `finished` | its run returned by itself | add(), restart() → `running` |
 * | `failed` | a final failure | add(), restart() → `running` |
 * | `stopped` | stopPart() or stop(), once it has drained | add(), restart() → `running` |
 *
 * From any state remove() stops a part and forgets it. After stop() nothing is started any more.
 */
export class Supervisor {
  readonly #logger: Logger
  readonly #options: Required<SupervisorOptions>
  readonly #stop = new AbortController()
  readonly #parts = new Map<string, Part>()

  constructor(logger: Logger, options: SupervisorOptions = {}) {
    this.#logger = logger
    this.#options = { baseMs: 250, maxMs: 30_000, healthyMs: 60_000, isFinal: () => false, onFinal: () => {}, ...options }
  }

  /** Starts a part; returns at once. @throws QiError INTERNAL if one of that name runs */
  add(name: string, run: Run): void {
    if (this.runs(name)) throw new QiError('INTERNAL', `a part named ${name} runs already`)
    const status = { name, state: 'running', since: Date.now(), restarts: 0 } as const
    const part: Part = { name, run, stop: new AbortController(), status, done: Promise.resolve() }
    this.#parts.set(name, part)
    part.done = this.#supervise(part, AbortSignal.any([this.#stop.signal, part.stop.signal]))
  }

  /** True if the part is `running` or `restarting`. */
  runs(name: string): boolean {
    const state = this.#parts.get(name)?.status.state
    return state === 'running' || state === 'restarting'
  }

  status(): readonly PartStatus[] {
    return [...this.#parts.values()].map(({ status }) => status)
  }

  /** Stops one part and returns once it has drained. */
  async stopPart(name: string): Promise<void> {
    const part = this.#parts.get(name)
    part?.stop.abort()
    await part?.done
  }

  /** Stops a part and forgets it. */
  async remove(name: string): Promise<void> {
    await this.stopPart(name)
    this.#parts.delete(name)
  }

  /** Starts a part again: at once if it waits after a failure, else once it has drained. @throws QiError NOT_FOUND */
  async restart(name: string): Promise<void> {
    const part = this.#parts.get(name)
    if (!part) throw new QiError('NOT_FOUND', `there is no part named "${name.slice(0, 80)}"`, { field: 'part' })
    if (part.wake) return part.wake.abort()
    await this.stopPart(name)
    if (!this.#stop.signal.aborted) this.add(name, part.run)
  }

  /** Stops all parts and returns once they have drained. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#parts.values()].map(({ done }) => done))
  }

  async #supervise(part: Part, signal: AbortSignal): Promise<void> {
    const { baseMs, maxMs, healthyMs, isFinal } = this.#options
    const { name } = part
    let waitMs = baseMs
    let restarts = 0
    let failingSince: number | undefined
    while (!signal.aborted) {
      const started = Date.now()
      try {
        await part.run(signal)
        enter(part, { state: signal.aborted ? 'stopped' : 'finished', restarts })
        return
      } catch (failure) {
        const error = toQiError(failure)
        if (signal.aborted) {
          this.#logger.warn({ part: name, err: error }, `${name} failed while it was stopping`)
          break
        }
        if (Date.now() - started > healthyMs) {
          waitMs = baseMs
          failingSince = undefined
        }
        if (isFinal(name, error)) return this.#fail(part, error, restarts)
        failingSince ??= Date.now()
        const failing = { restarts, failingSince, lastError: error }
        await this.#wait(part, failing, Math.max(waitMs, error.retryAfterMs ?? 0), signal)
        waitMs = Math.min(waitMs * 2, maxMs)
        restarts++
        enter(part, { ...failing, state: 'running', restarts })
      }
    }
    enter(part, { state: 'stopped', restarts })
  }

  #fail(part: Part, error: QiError, restarts: number): void {
    const { name } = part
    enter(part, { state: 'failed', restarts, lastError: error })
    emitFailure(name, error)
    this.#logger.error({ part: name, err: error }, `${name} failed: ${error.message}; it is not restarted`)
    this.#options.onFinal(name, error)
  }

  /** Waits before a restart; the signal or restart() ends the wait. */
  async #wait(part: Part, failing: Failing, delayMs: number, signal: AbortSignal): Promise<void> {
    const { name } = part
    const { lastError: error } = failing
    const now = Date.now()
    enter(part, { ...failing, state: 'restarting', retryAt: now + delayMs }, now)
    emitFailure(name, error)
    this.#logger.error({ part: name, err: error, delayMs }, `${name} failed: ${error.message}; restarted in ${delayMs} ms`)
    part.wake = new AbortController()
    await setTimeout(delayMs, undefined, { signal: AbortSignal.any([signal, part.wake.signal]) }).catch(() => {})
    part.wake = undefined
  }
}

type Failing = Required<Pick<PartStatus, 'restarts' | 'failingSince' | 'lastError'>>

function enter(part: Part, status: Omit<PartStatus, 'name' | 'since'>, since: number = Date.now()): void {
  part.status = { name: part.name, since, ...status }
}
