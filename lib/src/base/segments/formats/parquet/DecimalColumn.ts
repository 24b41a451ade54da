import { Column, type EncodedValues, enlarged } from './Column.ts'

/** DECIMAL(38, 20), which most readers support. */
const PRECISION = 38
const SCALE = 20
const WHOLE = PRECISION - SCALE
const BYTES = 16
const WORD = 0x1_0000_0000
const BASE = 10_000
/** Groups of four digits after the point. */
const FRACTION_GROUPS = SCALE / 4
/** The first group that a whole part of 18 digits can have, and the least value that is too large there. */
const FIRST_GROUP = 4
const TOO_MUCH = 100
const NEGATIVE = 0x4000

/** Decimals as DECIMAL(38, 20): integers of 16 bytes in units of the last digit. */
export class DecimalColumn extends Column {
  #values: Uint8Array
  #view: DataView
  #least = 0
  #greatest = 0

  constructor(name: string, most: number) {
    super(
      {
        ...{ name, type: 'FIXED_LEN_BYTE_ARRAY', type_length: BYTES, converted_type: 'DECIMAL', repetition_type: 'OPTIONAL' },
        ...{ precision: PRECISION, scale: SCALE, logical_type: { type: 'DECIMAL', precision: PRECISION, scale: SCALE } },
      },
      most,
    )
    this.#values = new Uint8Array(BYTES * most)
    this.#view = new DataView(this.#values.buffer)
  }

  override grow(rows: number): void {
    super.grow(rows)
    this.#values = enlarged(this.#values, BYTES * rows)
    this.#view = new DataView(this.#values.buffer)
  }

  /** Adds a PostgreSQL numeric that {@link numericFits}. @param at its position, after its length */
  addNumeric(source: DataView, at: number): void {
    const count = source.getUint16(at)
    const weight = source.getInt16(at + 2)
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let place = weight, i = 0; place >= -FRACTION_GROUPS; place--, i++) {
      let held = d * BASE + (i < count ? source.getUint16(at + 8 + 2 * i) : 0)
      let carry = Math.floor(held / WORD)
      d = held - carry * WORD
      held = c * BASE + carry
      carry = Math.floor(held / WORD)
      c = held - carry * WORD
      held = b * BASE + carry
      carry = Math.floor(held / WORD)
      b = held - carry * WORD
      a = a * BASE + carry
    }
    this.#put(a, b, c, d, source.getUint16(at + 4) === NEGATIVE)
  }

  /** Adds a decimal in units of the last digit. */
  addUnscaled(value: bigint): void {
    const size = value < 0n ? -value : value
    const word = (n: bigint) => Number((size >> (32n * n)) & 0xffff_ffffn)
    this.#put(word(3n), word(2n), word(1n), word(0n), value < 0n)
  }

  encode(): EncodedValues {
    if (this.length === 0) return { bytes: new Uint8Array(0), encoding: 'PLAIN' }
    const bytes = this.#values.subarray(0, this.length * BYTES)
    return { bytes, encoding: 'PLAIN', least: this.#value(this.#least), greatest: this.#value(this.#greatest) }
  }

  #put(a: number, b: number, c: number, d: number, negative: boolean): void {
    const index = this.next()
    const at = index * BYTES
    const view = this.#view
    if (negative) {
      // Two's complement: inverts every bit and adds one.
      let one = 1
      const turned = (word: number): number => {
        const value = WORD - 1 - word + one
        one = value === WORD ? 1 : 0
        return value === WORD ? 0 : value
      }
      d = turned(d)
      c = turned(c)
      b = turned(b)
      a = turned(a)
    }
    view.setUint32(at, a)
    view.setUint32(at + 4, b)
    view.setUint32(at + 8, c)
    view.setUint32(at + 12, d)
    if (index === 0) {
      this.#least = 0
      this.#greatest = 0
    } else if (this.#compare(index, this.#least) < 0) this.#least = index
    else if (this.#compare(index, this.#greatest) > 0) this.#greatest = index
  }

  #compare(one: number, other: number): number {
    const view = this.#view
    const [x, y] = [one * BYTES, other * BYTES]
    let difference = view.getInt32(x) - view.getInt32(y)
    for (let word = 4; difference === 0 && word < BYTES; word += 4)
      difference = view.getUint32(x + word) - view.getUint32(y + word)
    return difference
  }

  #value(index: number): bigint {
    return (this.#view.getBigInt64(index * BYTES) << 64n) | this.#view.getBigUint64(index * BYTES + 8)
  }
}

/** True if a PostgreSQL numeric fits without rounding. @param at its position, after its length */
export function numericFits(source: DataView, at: number): boolean {
  const weight = source.getInt16(at + 2)
  if (source.getUint16(at + 6) > SCALE) return false
  return weight < FIRST_GROUP || (weight === FIRST_GROUP && source.getUint16(at + 8) < TOO_MUCH)
}

/** A decimal in units of the last digit; undefined where it does not fit without rounding. */
export function unscaled(value: string): bigint | undefined {
  const [whole = '', fraction = ''] = value.split('.')
  if (fraction.length > SCALE || whole.replace('-', '').length > WHOLE) return undefined
  return BigInt(`${whole}${fraction.padEnd(SCALE, '0')}`)
}

/** Decodes 16 bytes of the column to a decimal. */
export function decimalText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const value = (view.getBigInt64(0) << 64n) | view.getBigUint64(8)
  const digits = `${value < 0n ? -value : value}`.padStart(SCALE + 1, '0')
  const fraction = digits.slice(-SCALE).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -SCALE)}${fraction && `.${fraction}`}`
}
