import type { Encoding, SchemaElement } from 'hyparquet'

/** The encoded values of a column, without absent ones. */
export interface EncodedValues {
  readonly bytes: Uint8Array
  readonly encoding: Encoding
  /** The dictionary that `bytes` refer to. */
  readonly dictionary?: { readonly bytes: Uint8Array; readonly length: number }
  /** The least and the greatest value, for the statistics in the footer; undefined without values. */
  readonly least?: unknown
  readonly greatest?: unknown
}

/** A column of one row group, as it is written: its place in the schema, its levels and its values. */
export interface WritableColumn {
  /** Its elements of the schema, outermost first. */
  readonly elements: readonly SchemaElement[]
  readonly rows: number
  /** Number of places that the levels describe: values, and rows without one. */
  readonly places: number
  /** Number of places without a value. */
  readonly nulls: number
  /** Parquet's repetition levels; empty where a row has at most one value. */
  repetitions(): Uint8Array
  /** Parquet's definition levels. */
  levels(): Uint8Array
  encode(): EncodedValues
  addNull(): void
  /** Empties the column. */
  clear(): void
}

const NOTHING = new Uint8Array(0)

/** A column whose values are added one by one, in the binary form of the file. */
export abstract class Column implements WritableColumn {
  readonly element: SchemaElement
  #present: Uint8Array
  #rows = 0
  #values = 0

  /** @param most capacity in rows */
  constructor(element: SchemaElement, most: number) {
    this.element = element
    this.#present = new Uint8Array(most)
  }

  get elements(): readonly SchemaElement[] {
    return [this.element]
  }

  get rows(): number {
    return this.#rows
  }

  get places(): number {
    return this.#rows
  }

  /** Number of rows without a value. */
  get nulls(): number {
    return this.#rows - this.#values
  }

  /** Number of rows with a value. */
  get length(): number {
    return this.#values
  }

  addNull(): void {
    this.#present[this.#rows++] = 0
  }

  /** @returns the index of the next value among the present ones */
  protected next(): number {
    this.#present[this.#rows++] = 1
    return this.#values++
  }

  repetitions(): Uint8Array {
    return NOTHING
  }

  /** Parquet's definition levels, one bit for each row: 1 where it has a value. */
  levels(): Uint8Array {
    if (this.nulls === 0 || this.#values === 0) return Uint8Array.from([...varint(this.#rows << 1), this.nulls === 0 ? 1 : 0])
    return packed(this.#present, this.#rows, 1)
  }

  abstract encode(): EncodedValues

  /** Grows the capacity, keeping the values. */
  grow(rows: number): void {
    this.#present = enlarged(this.#present, rows)
  }

  /** Empties the column. */
  clear(): void {
    this.#rows = 0
    this.#values = 0
  }
}

/** A larger copy, with zeros at its end. */
export function enlarged<T extends Uint8Array | Int32Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length)
  larger.set(array)
  return larger
}

/** Packs numbers of `bits` bits into one run of Parquet's hybrid encoding. */
export function packed(numbers: ArrayLike<number>, length: number, bits: number): Uint8Array {
  const groups = Math.ceil(length / 8)
  const head = varint((groups << 1) | 1)
  const out = new Uint8Array(head.length + groups * bits)
  out.set(head)
  let at = head.length
  let [held, count] = [0, 0]
  for (let i = 0; i < length; i++) {
    held |= (numbers[i] as number) << count
    count += bits
    for (; count >= 8; count -= 8) {
      out[at++] = held
      held >>>= 8
    }
  }
  if (count > 0) out[at] = held
  return out
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return [...bytes, value]
}
