import { type Logger, type Position, retry, type Subscription, toQiError } from '../../base/index.ts'

/**
 * Commits of one subscription: one request in flight, the latest position of each partition wins. What fails is tried again:
 * whoever waits for its commit writes nothing more meanwhile, which bounds what a restart delivers again.
 */
export class Commits {
  readonly #subscription: Subscription
  readonly #logger: Logger
  readonly #signal: AbortSignal
  #pending = new Map<string, Position>()
  #next: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()

  /** @param signal gives up what is not yet committed; it is delivered again */
  constructor(subscription: Subscription, logger: Logger, signal: AbortSignal) {
    this.#subscription = subscription
    this.#logger = logger
    this.#signal = signal
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
    return retry(() => this.#subscription.commit(positions), {
      signal: this.#signal,
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
      baseMs: 50,
      maxMs: 2_000,
      onRetry: ({ error }) => this.#logger.warn({ error }, 'offsets could not be committed; trying again'),
    }).catch((error: unknown) =>
      this.#logger.warn({ error: toQiError(error) }, 'offsets were not committed; those records are delivered again'),
    )
  }
}
