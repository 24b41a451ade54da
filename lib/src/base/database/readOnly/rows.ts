import type { FieldDef } from 'pg'
import { type Cell, cellOf } from './cells.ts'
import type { ReadLimits } from './limits.ts'

export interface ReadRows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** True if there are more rows. */
  readonly more: boolean
}

/** The fewest characters to which a value is cut. */
const LEAST_CELL = 20

/** The most characters of one value, so that a row keeps to its width. */
export const cellWidth = (columns: number, { width }: ReadLimits): number => Math.max(LEAST_CELL, Math.floor(width / columns))

/** Collects rows up to the limits. */
export class Kept {
  readonly #fields: readonly FieldDef[]
  readonly #limits: ReadLimits
  readonly #rows: Cell[][] = []
  #bytes = 0
  #more = false

  constructor(fields: readonly FieldDef[], limits: ReadLimits) {
    this.#fields = fields
    this.#limits = limits
  }

  /** @returns true while there is room for more */
  add(rows: readonly (readonly (string | null)[])[]): boolean {
    const most = cellWidth(this.#fields.length, this.#limits)
    for (const row of rows) {
      const cells = this.#fields.map(({ dataTypeID }, at) => cellOf(dataTypeID, row[at] ?? null, most))
      this.#bytes += Buffer.byteLength(JSON.stringify(cells))
      this.#more = this.#rows.length === this.#limits.limit || (this.#rows.length > 0 && this.#bytes > this.#limits.room)
      if (this.#more) return false
      this.#rows.push(cells)
    }
    return true
  }

  result(): ReadRows {
    return { columns: this.#fields.map(({ name }) => name), rows: this.#rows, more: this.#more }
  }
}
