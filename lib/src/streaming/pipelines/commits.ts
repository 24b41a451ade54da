import { type Logger, type Position, retry, type Subscription, tellFailure, toQiError } from '../../base/index.ts'

export interface CommitsOptions {
  /** Of the consumer, for logs and metrics. */
  readonly name: string
  readonly logger: Logger
  /** Gives up what is not yet committed; it is delivered again. */
  readonly signal: AbortSignal
}

/**
 * Commits of one subscription: one request in flight, the latest position of each partition wins. What fails is tried again:
 * whoever waits for its commit writes nothing more meanwhile, which bounds what a restart delivers again.
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

  /** Resolves when these positions, or later ones of their partitions, are committed or given up. */
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
    const { name, logger, signal } = this.#options
    return retry(() => this.#subscription.commit(positions), {
      signal,
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
      baseMs: 50,
      maxMs: 2_000,
      onRetry: ({ error }) => {
        tellFailure(`consumer ${name}`, error)
        logger.warn({ error }, 'offsets could not be committed; trying again')
      },
    }).catch((error: unknown) =>
      logger.warn({ error: toQiError(error) }, 'offsets were not committed; those records are delivered again'),
    )
  }
}
