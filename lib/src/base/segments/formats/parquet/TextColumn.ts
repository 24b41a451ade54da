import type { SchemaElement } from 'hyparquet'
import { Column, type EncodedValues, enlarged, packed } from './Column.ts'

const LENGTH = 4
const FEWEST_SLOTS = 64

/** Texts with a dictionary: each distinct text once, and a number for each row. */
export class TextColumn extends Column {
  /** The number of the text, for each row with a value. */
  #numbers: Int32Array
  /** Start of each text, after its length: the layout of the file. */
  readonly #starts: number[] = []
  #texts = Buffer.allocUnsafeSlow(1024)
  #bytes = 0
  /** A hash table of text numbers + 1; 0 is empty. */
  #slots = new Int32Array(FEWEST_SLOTS)
  #last = -1
  /** Bytes of all rows without a dictionary. */
  #plainBytes = 0

  constructor(name: string, most: number) {
    super(text(name), most)
    this.#numbers = new Int32Array(most)
  }

  override grow(rows: number): void {
    super.grow(rows)
    this.#numbers = enlarged(this.#numbers, rows)
  }

  /** Adds the UTF-8 between two positions. */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.#plainBytes += LENGTH + to - from
    if (this.#last < 0 || !this.#is(this.#last, bytes, from, to)) this.#last = this.#numberOf(bytes, from, to)
    this.#numbers[this.next()] = this.#last
  }

  encode(): EncodedValues {
    const count = this.#starts.length
    if (count === 0) return { bytes: new Uint8Array(0), encoding: 'PLAIN' }
    const [least, greatest] = this.#extremes()
    const texts = Buffer.from(this.#texts.subarray(0, this.#bytes))
    if (this.#bytes > this.#plainBytes / 2) return { bytes: this.#plain(), encoding: 'PLAIN', least, greatest }
    const bits = 32 - Math.clz32(count - 1)
    const numbers = packed(this.#numbers, this.length, bits)
    const bytes = new Uint8Array(1 + numbers.length)
    bytes[0] = bits
    bytes.set(numbers, 1)
    return { bytes, encoding: 'RLE_DICTIONARY', dictionary: { bytes: texts, length: count }, least, greatest }
  }

  override clear(): void {
    super.clear()
    this.#starts.length = 0
    this.#bytes = 0
    this.#plainBytes = 0
    this.#slots.fill(0)
    this.#last = -1
  }

  #plain(): Uint8Array {
    const out = Buffer.allocUnsafeSlow(this.#plainBytes)
    let at = 0
    for (let i = 0; i < this.length; i++) {
      const start = (this.#starts[this.#numbers[i] as number] as number) - LENGTH
      at += this.#texts.copy(out, at, start, start + LENGTH + this.#texts.readInt32LE(start))
    }
    return out
  }

  #extremes(): [Uint8Array, Uint8Array] {
    let least = this.#text(0)
    let greatest = least
    for (let i = 1; i < this.#starts.length; i++) {
      const one = this.#text(i)
      if (one.compare(least) < 0) least = one
      if (one.compare(greatest) > 0) greatest = one
    }
    return [Uint8Array.from(least), Uint8Array.from(greatest)]
  }

  #text(number: number): Buffer {
    const start = this.#starts[number] as number
    return this.#texts.subarray(start, start + this.#texts.readInt32LE(start - LENGTH))
  }

  #is(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const texts = this.#texts
    const start = this.#starts[number] as number
    if (texts.readInt32LE(start - LENGTH) !== to - from) return false
    for (let i = from, at = start; i < to; i++, at++) if (texts[at] !== bytes[i]) return false
    return true
  }

  #numberOf(bytes: Uint8Array, from: number, to: number): number {
    if (2 * this.#starts.length >= this.#slots.length) this.#rehash()
    const mask = this.#slots.length - 1
    let slot = hash(bytes, from, to) & mask
    for (;;) {
      const number = (this.#slots[slot] as number) - 1
      if (number < 0) break
      if (this.#is(number, bytes, from, to)) return number
      slot = (slot + 1) & mask
    }
    this.#slots[slot] = this.#starts.length + 1
    this.#keep(bytes, from, to)
    return this.#starts.length - 1
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const needed = this.#bytes + LENGTH + to - from
    if (needed > this.#texts.length) {
      const larger = Buffer.allocUnsafeSlow(2 * needed)
      this.#texts.copy(larger, 0, 0, this.#bytes)
      this.#texts = larger
    }
    this.#texts.writeInt32LE(to - from, this.#bytes)
    this.#starts.push(this.#bytes + LENGTH)
    this.#texts.set(bytes.subarray(from, to), this.#bytes + LENGTH)
    this.#bytes = needed
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    const mask = this.#slots.length - 1
    this.#starts.forEach((start, number) => {
      let slot = hash(this.#texts, start, start + this.#texts.readInt32LE(start - LENGTH)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = number + 1
    })
  }
}

const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
  repetition_type: 'OPTIONAL',
})

function hash(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = (Math.imul(value, 31) + (bytes[i] as number)) | 0
  return value ^ (value >>> 8) ^ (value >>> 16)
}
