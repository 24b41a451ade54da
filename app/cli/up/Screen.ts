import type { Output } from '../output.ts'

export interface ScreenOptions {
  readonly out: Output
  readonly err: Output
  readonly json: boolean
}

const ERASE_LINE = '\r\u001b[K'

/** The output of a long command: notices on stdout, logs on stderr, and on a terminal a status line below them that is redrawn. */
export class Screen {
  readonly #out: Output
  readonly #err: Output
  readonly #json: boolean
  readonly #live: Output | undefined
  #status = ''

  constructor({ out, err, json }: ScreenOptions) {
    this.#out = out
    this.#err = err
    this.#json = json
    this.#live = json ? undefined : [err, out].find((output) => output.isTerminal)
  }

  get isLive(): boolean {
    return this.#live !== undefined
  }

  /** Prints a line for people, or with --json an event. */
  notice(text: string, event: Readonly<Record<string, unknown>> = { event: 'notice' }): void {
    if (this.#json) void this.#out.line(JSON.stringify({ ...event, message: text }))
    else this.#above(() => this.#out.line(text))
  }

  log(line: string): void {
    this.#above(() => this.#err.line(line))
  }

  /** Replaces the status line, cut to the terminal's width, because a wrapped line cannot be erased. */
  status(text: string): void {
    if (!this.#live || text === this.#status) return
    this.#status = text
    this.#draw()
  }

  #above(print: () => Promise<void>): void {
    if (this.#status) this.#live?.stream.write(ERASE_LINE)
    void print()
    if (this.#status) this.#draw()
  }

  #draw(): void {
    if (!this.#live) return
    const text = this.#status.slice(0, (this.#live.width ?? 80) - 1)
    this.#live.stream.write(`${ERASE_LINE}${text && this.#live.style('dim', text)}`)
  }
}
