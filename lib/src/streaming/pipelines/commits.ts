import { type Logger, type Position, type Subscription, toQiError } from '../../base/index.ts'

/**
 * Commits of one subscription: one request in flight, the latest position of each partition wins. A commit that fails is kept
 * for the next one; until it succeeds, a restart delivers those records again.
 */
export class Commits {
  readonly #subscription: Subscription
  readonly #logger: Logger
  readonly #pending = new Map<string, Position>()
  #running: Promise<void> | undefined

  constructor(subscription: Subscription, logger: Logger) {
    this.#subscription = subscription
    this.#logger = logger
  }

  add(positions: readonly Position[]): void {
    for (const position of positions) this.#pending.set(`${position.topic}/${position.partition}`, position)
    if (this.#pending.size > 0) this.#running ??= this.#run()
  }

  /** Resolves when all that was added is committed, or could not be. */
  async flush(): Promise<void> {
    await this.#running
    this.add([])
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#pending.size > 0) {
      const batch = [...this.#pending]
      this.#pending.clear()
      try {
        await this.#subscription.commit(batch.map(([, position]) => position))
      } catch (error) {
        for (const [place, position] of batch) if (!this.#pending.has(place)) this.#pending.set(place, position)
        this.#logger.warn({ error: toQiError(error) }, 'offsets could not be committed; they go with the next commit')
        break
      }
    }
    this.#running = undefined
  }
}
