import { retry } from '../../../base/networking/index.ts'
import { emitFailure, type Logger, type Position, type Subscription, toQiError } from '../../../base/types/index.ts'

export interface CommitsOptions {
  /** Name of the part in logs and metrics. */
  readonly part: string
  readonly logger: Logger
  /** Aborting gives up what is not yet committed; it is delivered again. */
  readonly signal: AbortSignal
}

/**
 * Commits of one subscription: one request in flight, and the latest position of each partition wins. A failed commit is retried
 * until it succeeds or the signal aborts; the lane that waits for it writes nothing meanwhile, which bounds how much is delivered again.
 */
export class Commits {
  readonly #subscription: Subscription
  readonly #options: CommitsOptions
  #pending = new Map<string, Position>()
  #next: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(subscription: Subscription, options: CommitsOptions) {
    this.#subscription = subscription
    this.#options = options
  }

  /** Resolves when these positions, or later ones of their partitions, are committed or given up; never rejects. */
  add(positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return Promise.resolve()
    for (const position of positions) this.#pending.set(`${position.topic}/${position.partition}`, position)
    this.#next ??= this.#last.then(() => this.#commit())
    return this.#next
  }

  #commit(): Promise<void> {
    const positions = [...this.#pending.values()]
    this.#pending = new Map()
    this.#last = this.#next ?? Promise.resolve()
    this.#next = undefined
    const { part, logger, signal } = this.#options
    return retry(() => this.#subscription.commit(positions), {
      signal,
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
      baseMs: 50,
      maxMs: 2_000,
      onRetry: ({ error }) => {
        emitFailure(part, error)
        logger.warn({ err: error }, 'offsets could not be committed; trying again')
      },
    }).catch((error: unknown) =>
      logger.warn({ err: toQiError(error) }, 'offsets were not committed; those records are delivered again'),
    )
  }
}
