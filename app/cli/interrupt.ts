import { EXIT } from './exitCodes.ts'

/** Time within which a second SIGINT is the same Ctrl-C: npm forwards the one that the terminal has sent us already. */
const REPEAT_MS = 500

/**
 * Aborts its signal at the first Ctrl-C or SIGTERM, so that a command can end in order. A second Ctrl-C ends the process at once.
 */
export class Interrupt {
  readonly #controller = new AbortController()
  #onFirst: (() => void) | undefined
  #left = false

  constructor() {
    let first = 0
    process.on('SIGINT', () => {
      if (this.#left) return
      if (!this.signal.aborted) first = Date.now()
      else if (Date.now() - first > REPEAT_MS) process.exit(EXIT.interrupted)
      this.abort()
    })
    for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.abort())
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Sets the listener that tells the user what happens after the first Ctrl-C. */
  onFirst(listener: () => void): void {
    this.#onFirst = listener
  }

  /** Leaves Ctrl-C to a program that shares the terminal, until disposed. */
  leave(): Disposable {
    this.#left = true
    return {
      [Symbol.dispose]: () => {
        this.#left = false
      },
    }
  }

  abort(): void {
    if (this.signal.aborted) return
    this.#onFirst?.()
    this.#controller.abort()
  }
}
