import type { SchemaElement } from 'hyparquet'
import { Column, type EncodedValues, packed } from './Column.ts'

const BYTES = 8
const WORD = 0x1_0000_0000

const ELEMENTS: Readonly<Record<'time' | 'integer' | 'float', Omit<SchemaElement, 'name'>>> = {
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  integer: { type: 'INT64' },
  float: { type: 'DOUBLE' },
}

/** Times in microseconds, integers, or floats: eight bytes each. */
export class NumberColumn extends Column {
  readonly #values: Float64Array
  readonly #isFloat: boolean

  constructor(name: string, kind: keyof typeof ELEMENTS, most: number) {
    super({ name, ...ELEMENTS[kind], repetition_type: 'OPTIONAL' }, most)
    this.#values = new Float64Array(most)
    this.#isFloat = kind === 'float'
  }

  add(value: number): void {
    this.#values[this.next()] = value
  }

  encode(): EncodedValues {
    const count = this.length
    const bytes = new Uint8Array(BYTES * count)
    if (count === 0) return { bytes, encoding: 'PLAIN' }
    const view = new DataView(bytes.buffer)
    let least = Number.POSITIVE_INFINITY
    let greatest = Number.NEGATIVE_INFINITY
    for (let i = 0, at = 0; i < count; i++, at += BYTES) {
      const value = this.#values[i] as number
      if (value < least) least = value
      if (value > greatest) greatest = value
      if (this.#isFloat) view.setFloat64(at, value, true)
      else {
        const high = Math.floor(value / WORD)
        view.setUint32(at, value - high * WORD, true)
        view.setInt32(at + 4, high, true)
      }
    }
    // The bounds of zeros include both zeros, as Parquet requires.
    if (this.#isFloat)
      return { bytes, encoding: 'PLAIN', least: least === 0 ? -0 : least, greatest: greatest === 0 ? 0 : greatest }
    return { bytes, encoding: 'PLAIN', least: BigInt(least), greatest: BigInt(greatest) }
  }
}

/** Booleans, one bit each. */
export class BooleanColumn extends Column {
  readonly #values: Uint8Array

  constructor(name: string, most: number) {
    super({ name, type: 'BOOLEAN', repetition_type: 'OPTIONAL' }, most)
    this.#values = new Uint8Array(most)
  }

  add(value: boolean): void {
    this.#values[this.next()] = value ? 1 : 0
  }

  encode(): EncodedValues {
    if (this.length === 0) return { bytes: new Uint8Array(0), encoding: 'PLAIN' }
    const run = packed(this.#values, this.length, 1)
    const bytes = new Uint8Array(4 + run.length)
    new DataView(bytes.buffer).setUint32(0, run.length, true)
    bytes.set(run, 4)
    const values = this.#values.subarray(0, this.length)
    return { bytes, encoding: 'RLE', least: !values.includes(0), greatest: values.includes(1) }
  }
}
