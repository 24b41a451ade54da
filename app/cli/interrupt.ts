import { EXIT } from './exitCodes.ts'

/**
 * Aborts at the first Ctrl-C or SIGTERM, so that a command can end in order; a second Ctrl-C ends the process at once.
 * @param onFirst says what happens now
 */
export class Interrupt {
  readonly #controller = new AbortController()
  #onFirst: (() => void) | undefined

  constructor() {
    process.on('SIGINT', () => {
      if (this.signal.aborted) process.exit(EXIT.interrupted)
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
