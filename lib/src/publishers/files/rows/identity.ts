import { createHash } from 'node:crypto'

/**
 * Identifies a file by its name and its first lines, up to the first record. The identity is the same in any folder, compressed or not,
 * and while the file grows; files of one name with different records differ.
 */
export class FileIdentity {
  readonly #first: string[] = []
  readonly #lines: number
  readonly #name: string
  #digest: string | undefined

  /**
   * @param name file name without folders
   * @param lines number of non-empty lines up to the first record
   */
  constructor(name: string, lines: number) {
    this.#name = name.replace(/\.gz$/i, '')
    this.#lines = lines
  }

  /** Must be called with each line from the first, before {@link digest} is read. */
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
