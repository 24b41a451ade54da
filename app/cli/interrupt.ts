import { EXIT } from './exitCodes.ts'

/** npm passes on the Ctrl-C that the terminal has sent us already: what follows at once is the same one. */
const REPEAT_MS = 500

/**
 * Aborts at the first Ctrl-C or SIGTERM, so that a command can end in order; a second Ctrl-C ends the process at once.
 * @param onFirst says what happens now
 */
export class Interrupt {
  readonly #controller = new AbortController()
  #onFirst: (() => void) | undefined

  constructor() {
    let first = 0
    process.on('SIGINT', () => {
      if (!this.signal.aborted) first = Date.now()
      else if (Date.now() - first > REPEAT_MS) process.exit(EXIT.interrupted)
      this.abort()
    })
    for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.abort())
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  onFirst(listener: () => void): void {
    this.#onFirst = listener
  }

  abort(): void {
    if (this.signal.aborted) return
    this.#onFirst?.()
    this.#controller.abort()
  }
}
