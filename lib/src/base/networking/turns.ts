import { abortable } from './clock.ts'

/** First come, first served: one piece of work at a time. Who gives up while queueing holds nobody up. */
export class Turns {
  #tail: Promise<void> = Promise.resolve()

  /** @throws QiError CANCELLED or TIMEOUT when the signal is aborted before the turn comes; what the work throws */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#tail
    const turn = Promise.withResolvers<void>()
    this.#tail = turn.promise
    try {
      await abortable(before, signal)
      return await work()
    } finally {
      // Who gives up while queueing passes the turn on, but only once it is theirs.
      void before.then(turn.resolve)
    }
  }
}
