import { once } from 'node:events'
import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** One of the process's two outputs. Colours only where a terminal shows them (never with NO_COLOR). */
export class Output {
  readonly stream: NodeJS.WriteStream
  #gone = false

  /** @param onGone hears that nobody reads any more, as after `| head` */
  constructor(stream: NodeJS.WriteStream, onGone: () => void = () => {}) {
    this.stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      this.#gone = true
      onGone()
    })
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true
  }

  /** Characters in a line; undefined where the output is no terminal and lines may be as long as they are. */
  get width(): number | undefined {
    return this.isTerminal ? this.stream.columns || 80 : undefined
  }

  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.stream })
  }

  /** Returns when the reader has room for more: a slow reader slows us, and fills no memory. */
  async line(text = ''): Promise<void> {
    if (this.#gone || this.stream.write(`${text}\n`)) return
    await Promise.race([once(this.stream, 'drain'), once(this.stream, 'close')]).catch(() => {})
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value, null, this.isTerminal ? 2 : 0))
  }

  /** Everything written has left the process. */
  flush(): Promise<void> {
    return new Promise((resolve) => (this.#gone ? resolve() : this.stream.write('', () => resolve())))
  }
}
