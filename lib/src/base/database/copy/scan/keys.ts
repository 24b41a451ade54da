import { COLON, type ScanCursor } from './cursor.ts'

const WORD = 4

/** Result for an unknown name; the cursor stays in front of it. */
export const UNKNOWN = -1
/** Result if there is no name and colon. */
const BROKEN = -2

/** Recognises field names in JSON: the expected one by comparing 32-bit words, any other one byte by byte. */
export class FieldKeys {
  readonly count: number
  /** Each key as `"name":`. */
  readonly #keys: readonly Buffer[]
  /** The words of all keys. The last word of a key ends with the key, so it may overlap the one before. */
  readonly #words: Int32Array
  readonly #firstWord: Int32Array
  readonly #lengths: Int32Array

  constructor(names: readonly string[]) {
    this.count = names.length
    this.#keys = names.map((name) => Buffer.from(`${JSON.stringify(name)}:`))
    this.#lengths = Int32Array.from(this.#keys, (key) => key.length)
    const words = this.#keys.map(wordsOf)
    this.#words = Int32Array.from(words.flat())
    this.#firstWord = new Int32Array(names.length + 1)
    words.forEach((of, i) => {
      this.#firstWord[i + 1] = (this.#firstWord[i] as number) + of.length
    })
  }

  /**
   * Moves past the next name and its colon, with any white space around them.
   * @param expected the field to try first
   * @returns the field; {@link UNKNOWN} for another name, with the cursor in front of it; a lower number if there is no name and colon
   */
  next(c: ScanCursor, expected: number): number {
    if (expected < this.count && this.#is(c, expected)) {
      c.at += this.#lengths[expected] as number
      return expected
    }
    return this.#find(c, expected)
  }

  #is({ input, at }: ScanCursor, field: number): boolean {
    const end = at + (this.#lengths[field] as number)
    if (end > input.byteLength) return false
    const last = (this.#firstWord[field + 1] as number) - 1
    let word = this.#firstWord[field] as number
    for (let i = at; word < last; word++, i += WORD) if (input.getInt32(i) !== this.#words[word]) return false
    return input.getInt32(end - WORD) === this.#words[last]
  }

  #find(c: ScanCursor, expected: number): number {
    c.skipSpace()
    for (let k = 0, field = expected; k < this.count; k++, field++) {
      if (field >= this.count) field -= this.count
      const key = this.#keys[field] as Uint8Array
      const length = key.length - 1
      if (!startsWith(c.bytes, c.at, key, length)) continue
      c.at += length
      c.skipSpace()
      return c.bytes[c.at++] === COLON ? field : BROKEN
    }
    return UNKNOWN
  }
}

function wordsOf(key: Buffer): number[] {
  const words: number[] = []
  for (let i = 0; i + WORD < key.length; i += WORD) words.push(key.readInt32BE(i))
  words.push(key.readInt32BE(key.length - WORD))
  return words
}

function startsWith(bytes: Uint8Array, at: number, key: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== key[i]) return false
  return true
}
