import { abortable } from './clock.ts'

/** Runs one piece of work at a time, first come, first served. A waiter that is aborted holds nobody up. */
export class Mutex {
  #tail: Promise<void> = Promise.resolve()

  /** @throws QiError CANCELLED or TIMEOUT if the signal is aborted while waiting; the error of the work */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#tail
    const released = Promise.withResolvers<void>()
    this.#tail = released.promise
    try {
      await abortable(before, signal)
      return await work()
    } finally {
      // An aborted waiter releases the lock too, but only once its own turn has come.
      void before.then(released.resolve)
    }
  }
}
