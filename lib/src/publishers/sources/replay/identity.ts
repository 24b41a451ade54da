import { createHash } from 'node:crypto'

/**
 * Tells a file from others, the same wherever it lies, packed or not, and while it grows: by its name and its first lines. The
 * first record is among them, so that files of one name that hold different records differ.
 */
export class FileIdentity {
  readonly #first: string[] = []
  readonly #lines: number
  readonly #name: string
  #digest: string | undefined

  /**
   * @param name without folders
   * @param lines how many non-empty lines there are up to the first record
   */
  constructor(name: string, lines: number) {
    this.#name = name.replace(/\.gz$/i, '')
    this.#lines = lines
  }

  /** To be called with each line from the first, before {@link digest} is read. */
  see(line: string): void {
    if (this.#first.length < this.#lines && line !== '') this.#first.push(line)
  }

  /** 16 hexadecimal digits. */
  get digest(): string {
    this.#digest ??= createHash('sha256')
      .update([this.#name, ...this.#first].join('\n'))
      .digest('hex')
      .slice(0, 16)
    return this.#digest
  }
}
