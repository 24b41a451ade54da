import { StringDecoder } from 'node:string_decoder'

/** The end of an endless text. */
export class BoundedText {
  readonly #most: number
  readonly #decoder = new StringDecoder('utf8')
  #text = ''

  /** @param most characters that are kept at least; twice as many at most */
  constructor(most = 32_768) {
    this.#most = most
  }

  add(chunk: Buffer | string): void {
    this.#text += typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)
    if (this.#text.length > 2 * this.#most) this.#text = this.#text.slice(-this.#most)
  }

  get text(): string {
    return this.#text
  }

  /** The last non-empty lines, as one. */
  lastLines(count = 3): string {
    const lines = this.#text.split('\n').map((line) => line.trim())
    return lines.filter(Boolean).slice(-count).join(' | ').slice(-600)
  }
}
