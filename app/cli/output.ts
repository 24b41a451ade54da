import { once } from 'node:events'
import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** One of the process's two outputs. Colours only where a terminal shows them (never with NO_COLOR). */
export class Output {
  readonly stream: NodeJS.WriteStream
  #gone = false

  /** @param onGone called when the reader has closed the pipe, as after `| head` */
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

  /** Characters in a line of the terminal; undefined without a terminal, where lines may have any length. */
  get width(): number | undefined {
    return this.isTerminal ? this.stream.columns || 80 : undefined
  }

  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.stream })
  }

  line(text = ''): Promise<void> {
    return this.text(`${text}\n`)
  }

  /** Resolves when the reader has room for more: backpressure of a slow reader. */
  async text(text: string): Promise<void> {
    if (this.#gone || this.stream.write(text)) return
    await Promise.race([once(this.stream, 'drain'), once(this.stream, 'close')]).catch(() => {})
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value, null, this.isTerminal ? 2 : 0))
  }

  /** Resolves when everything written has left the process. */
  flush(): Promise<void> {
    return new Promise((resolve) => (this.#gone ? resolve() : this.stream.write('', () => resolve())))
  }
}
