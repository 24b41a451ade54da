import type { z } from 'zod'
import { QUOTE, type ScanCursor } from './cursor.ts'

/** Longer texts, which no record has that passes its checks, are left to the slow way. */
export const TEXT_LENGTH = 200
/** Most bytes of a field, and the quote that {@link LastText} writes behind it. */
export const TEXT_BYTES = 4 + TEXT_LENGTH + 1

const BACKSLASH = 0x5c
/** 1 for ASCII that stands for itself in JSON. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

/** A text of plain ASCII, not empty. */
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

/** The text that a field had last: rows of one series come together, so most often it comes again. */
export class LastText {
  /** The text and the quote after it. */
  readonly #words = new DataView(new ArrayBuffer(TEXT_LENGTH + 1))
  #length = 0

  /** {@link scanText} for the same text again; it answers false, and moves nothing, for any other. */
  scan(c: ScanCursor): boolean {
    const { input, view, at, to } = c
    const length = this.#length
    if (length < WORD || at + length > input.byteLength) return false
    const words = this.#words
    const last = length - WORD
    // What is written after the text, or of a text that turns out to be another, is written over.
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

  /** Keeps a text that was scanned: of `bytes` from `start`, the quote included. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    this.#length = end - start
    for (let i = start; i < end; i++) this.#words.setUint8(i - start, bytes[i] as number)
  }
}

const SLOTS = 256
const EMPTY = new Uint8Array(0)

/**
 * The texts that a field's schema accepted before, by their bytes: those with a pattern, or of a closed list, come again and
 * again.
 */
export class AcceptedTexts {
  readonly #schema: z.ZodType
  readonly #slots: Uint8Array[] = new Array<Uint8Array>(SLOTS).fill(EMPTY)

  constructor(schema: z.ZodType) {
    this.#schema = schema
  }

  /** @param bytes plain ASCII between `start` and `end`, at least one */
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
