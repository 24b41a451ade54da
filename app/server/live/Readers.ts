import { QiError } from '../../../lib/src/base/types/index.ts'

export interface ReaderLimits {
  /** Most clients that catch up at once, each with a reader of the stream. */
  readonly readers: number
  /** Most clients that wait for that. */
  readonly waitingReaders: number
}

export const READER_LIMITS: ReaderLimits = { readers: 8, waitingReaders: 512 }

/** Limits the readers of the stream: few at once, the others wait in order of arrival. */
export class Readers {
  readonly #limits: ReaderLimits
  readonly #waiting = new Set<() => void>()
  #active = 0

  constructor(limits: ReaderLimits) {
    this.#limits = limits
  }

  get stats(): { readonly active: number; readonly waiting: number } {
    return { active: this.#active, waiting: this.#waiting.size }
  }

  /** @throws QiError RATE_LIMITED if no more may wait */
  expectRoom(): void {
    const { readers, waitingReaders } = this.#limits
    if (this.#active >= readers && this.#waiting.size >= waitingReaders)
      throw new QiError(
        'RATE_LIMITED',
        `too many clients catch up (${this.#active + this.#waiting.size}): try again later with the same token, or without one`,
        { retryAfterMs: 5_000 },
      )
  }

  /** Waits for a turn, which lasts until it is disposed. @throws QiError RATE_LIMITED; CANCELLED when the signal aborts */
  async turn(signal: AbortSignal): Promise<AsyncDisposable> {
    this.expectRoom()
    if (this.#active >= this.#limits.readers) await this.#wait(signal)
    else this.#active++
    return {
      [Symbol.asyncDispose]: async () => {
        const [next] = this.#waiting
        // The next waiting client takes the turn over directly.
        if (next) next()
        else this.#active--
      },
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const begin = () => {
      this.#waiting.delete(begin)
      signal.removeEventListener('abort', cancel)
      resolve()
    }
    const cancel = () => {
      this.#waiting.delete(begin)
      reject(new QiError('CANCELLED', 'the client is gone'))
    }
    this.#waiting.add(begin)
    signal.addEventListener('abort', cancel, { once: true })
    if (signal.aborted) cancel()
    return promise
  }
}
