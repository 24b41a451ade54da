import type { SchemaElement } from 'hyparquet'
import { type Column, type EncodedValues, enlarged, packed, type WritableColumn } from './Column.ts'

/** Definition levels of a place: no list, an empty list, a value. */
const NO_LIST = 0
const EMPTY = 1
const VALUE = 2
/** Bits of a definition level. */
const LEVEL_BITS = 2
const FIRST_CAPACITY = 1024

/** Lists of values, as Parquet's LIST of three levels; the values are in a column of their own. */
export class ListColumn<C extends Column> implements WritableColumn {
  readonly elements: readonly SchemaElement[]
  /** The column of the values; {@link begin} makes room in it. */
  readonly values: C
  /** By place: 1 for a value that continues the list of the row. */
  #repeated = new Uint8Array(FIRST_CAPACITY)
  #levels = new Uint8Array(FIRST_CAPACITY)
  #places = 0
  #rows = 0

  /** @param make makes the column of the values, called `element` */
  constructor(name: string, make: (name: string, most: number) => C) {
    this.values = make('element', FIRST_CAPACITY)
    this.elements = [
      {
        ...{ name, repetition_type: 'OPTIONAL', num_children: 1 },
        ...{ converted_type: 'LIST', logical_type: { type: 'LIST' } },
      },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { ...this.values.element, repetition_type: 'REQUIRED' },
    ]
  }

  get rows(): number {
    return this.#rows
  }

  get places(): number {
    return this.#places
  }

  get nulls(): number {
    return this.#places - this.values.length
  }

  /** Begins the list of the next row; the caller then adds so many values to {@link values}. */
  begin(count: number): void {
    this.#reserve(Math.max(1, count))
    if (count === 0) this.#levels[this.#places] = EMPTY
    for (let i = 0; i < count; i++) {
      this.#levels[this.#places + i] = VALUE
      this.#repeated[this.#places + i] = i === 0 ? 0 : 1
    }
    if (count === 0) this.#repeated[this.#places] = 0
    this.#places += Math.max(1, count)
    this.#rows++
  }

  addNull(): void {
    this.#reserve(1)
    this.#levels[this.#places] = NO_LIST
    this.#repeated[this.#places++] = 0
    this.#rows++
  }

  repetitions(): Uint8Array {
    return packed(this.#repeated, this.#places, 1)
  }

  levels(): Uint8Array {
    return packed(this.#levels, this.#places, LEVEL_BITS)
  }

  encode(): EncodedValues {
    return this.values.encode()
  }

  clear(): void {
    this.values.clear()
    this.#places = 0
    this.#rows = 0
  }

  #reserve(places: number): void {
    if (this.#places + places <= this.#levels.length) return
    const capacity = 2 * (this.#places + places)
    this.#levels = enlarged(this.#levels, capacity)
    this.#repeated = enlarged(this.#repeated, capacity)
    this.values.grow(capacity)
  }
}
