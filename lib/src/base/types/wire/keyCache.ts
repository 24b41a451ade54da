const SLOTS = 4096

/**
 * Texts of keys by their bytes: a topic has few keys and many messages, and comparing is cheaper than decoding. A slot holds
 * one key; another key of its hash replaces it.
 */
export class KeyCache {
  readonly #slots: (string | undefined)[] = new Array(SLOTS).fill(undefined)

  text(bytes: Buffer, start: number, end: number): string {
    const length = end - start
    let hash = length
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1)
    const held = this.#slots[slot]
    // Only ASCII is as long in characters as in bytes, so a held key of this length compares byte by byte.
    if (held !== undefined && held.length === length && same(held, bytes, start)) return held
    const text = bytes.toString('utf8', start, end)
    if (text.length === length) this.#slots[slot] = text
    return text
  }
}

function same(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
