import type { z } from 'zod'
import { QUOTE, type ScanCursor } from './cursor.ts'

/** Most bytes of a text; longer ones, which no valid record has, are left to the slow way. */
export const TEXT_LENGTH = 200
/** Most bytes of a field, plus the quote that {@link LastText} writes after it. */
export const TEXT_BYTES = 4 + TEXT_LENGTH + 1

const BACKSLASH = 0x5c
/** 1 for ASCII bytes that need no escape in JSON. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

/** Scans a non-empty text of plain ASCII. */
export function scanText(c: ScanCursor): boolean {
  const { bytes, out } = c
  const start = c.at
  const shift = c.to + 4 - start
  const limit = start + TEXT_LENGTH
  let i = start
  let byte = bytes[i] as number
  while (PLAIN[byte] === 1 && i < limit) {
    out[shift + i] = byte
    byte = bytes[++i] as number
  }
  if (byte !== QUOTE || i === start) return false
  c.view.setInt32(c.to, i - start)
  c.at = i + 1
  c.to = shift + i
  return true
}

const WORD = 4

/** The last text of a field. Rows of one series come together, so usually it repeats. */
export class LastText {
  /** The text and the quote after it. */
  readonly #words = new DataView(new ArrayBuffer(TEXT_LENGTH + 1))
  #length = 0

  /** Like {@link scanText}, for the same text as last time. @returns false for any other text, with the cursor unchanged */
  scan(c: ScanCursor): boolean {
    const { input, view, at, to } = c
    const length = this.#length
    if (length < WORD || at + length > input.byteLength) return false
    const words = this.#words
    const last = length - WORD
    // Words are written before the text is known to match; later writes overwrite them.
    for (let i = 0; i < last; i += WORD) {
      const word = input.getInt32(at + i)
      if (word !== words.getInt32(i)) return false
      view.setInt32(to + 4 + i, word)
    }
    const word = input.getInt32(at + last)
    if (word !== words.getInt32(last)) return false
    view.setInt32(to + 4 + last, word)
    view.setInt32(to, length - 1)
    c.at = at + length
    c.to = to + 3 + length
    return true
  }

  /** Remembers a scanned text, `bytes` from `start` to `end`, including the closing quote. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    this.#length = end - start
    for (let i = start; i < end; i++) this.#words.setUint8(i - start, bytes[i] as number)
  }
}

const SLOTS = 256
const EMPTY = new Uint8Array(0)

/** Caches the texts that a field's schema has accepted, by their bytes: restricted texts (a pattern, a closed list) repeat often. */
export class AcceptedTexts {
  readonly #schema: z.ZodType
  readonly #slots: Uint8Array[] = new Array<Uint8Array>(SLOTS).fill(EMPTY)

  constructor(schema: z.ZodType) {
    this.#schema = schema
  }

  /** @param bytes non-empty plain ASCII between `start` and `end` */
  has(bytes: Buffer, start: number, end: number): boolean {
    let hash = end - start
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
    const slot = (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1)
    return same(this.#slots[slot] as Uint8Array, bytes, start, end) || this.#ask(slot, bytes, start, end)
  }

  #ask(slot: number, bytes: Buffer, start: number, end: number): boolean {
    const text = bytes.toString('latin1', start, end)
    const result = this.#schema.safeParse(text)
    if (!result.success || result.data !== text) return false
    this.#slots[slot] = Uint8Array.prototype.slice.call(bytes, start, end)
    return true
  }
}

function same(held: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (held.length !== end - start) return false
  for (let i = 0; i < held.length; i++) if (held[i] !== bytes[start + i]) return false
  return true
}
