import { ARRAY_HEAD, from2000, RecordScan } from '../../../database/index.ts'
import type { FieldKind, RecordType, RecordValues } from '../../../types/index.ts'
import type { WritableColumn } from './Column.ts'
import { DecimalColumn, numericFits, unscaled } from './DecimalColumn.ts'
import { ListColumn } from './ListColumn.ts'
import { BooleanColumn, NumberColumn } from './NumberColumn.ts'
import { TextColumn } from './TextColumn.ts'

const WORD = 0x1_0000_0000

/** The one or two columns of a field, filled from a scanned or a decoded record. */
interface FieldColumns {
  readonly property: string
  readonly columns: readonly WritableColumn[]
  /** False where the value at a position, after its length, must be decoded; undefined where none must. */
  readonly fits?: (view: DataView, at: number) => boolean
  /** @param at the position of the value, after its length */
  readonly putScanned: (row: Buffer, view: DataView, at: number, length: number) => void
  readonly put: (value: never) => void
}

/**
 * The rows of one group. A decimal has two columns: `price`, and the text column `price_exact` for values that do not fit, with `price`
 * null. So no value is rounded or refused. A list of decimals likewise has `bids` and, for a list with a figure that does not fit,
 * `bids_exact`.
 */
export class RowGroup {
  readonly columns: readonly WritableColumn[]
  readonly #type: RecordType
  readonly #scan: RecordScan
  readonly #fields: readonly FieldColumns[]
  readonly #places: Int32Array
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0

  /** @param most capacity in rows */
  constructor(type: RecordType, most: number) {
    this.#type = type
    this.#scan = new RecordScan(type)
    this.#fields = type.fields.map(({ name, property, kind }) => ({ property, ...MADE[kind](name, most) }))
    this.columns = this.#fields.flatMap(({ columns }) => columns)
    this.#places = new Int32Array(type.fields.length)
  }

  get length(): number {
    return this.#length
  }

  /** Sets the bytes to read from. */
  open(bytes: Buffer): void {
    this.#bytes = bytes
    this.#scan.open(bytes)
  }

  /** Adds the record of a line; at `end` is its newline. */
  add(start: number, end: number): void {
    // Includes the newline, which the scan takes as white space after the record.
    if (!this.#addScanned(start, end + 1)) this.#addDecoded(this.#type.decode(this.#bytes.subarray(start, end)))
    this.#length++
  }

  clear(): void {
    for (const column of this.columns) column.clear()
    this.#length = 0
  }

  /** @returns false, without adding it, for a record that must be decoded */
  #addScanned(start: number, end: number): boolean {
    if (!this.#scan.read(start, end)) return false
    const { row, view } = this.#scan
    this.#scan.locate(this.#places)
    for (let i = 0; i < this.#fields.length; i++) {
      const at = this.#places[i] as number
      const { fits } = this.#fields[i] as FieldColumns
      if (fits && view.getInt32(at) > 0 && !fits(view, at + 4)) return false
    }
    for (let i = 0; i < this.#fields.length; i++) {
      const { columns, putScanned } = this.#fields[i] as FieldColumns
      const at = this.#places[i] as number
      const length = view.getInt32(at)
      if (length < 0) for (const column of columns) column.addNull()
      else putScanned(row, view, at + 4, length)
    }
    return true
  }

  #addDecoded(record: RecordValues): void {
    for (const { property, columns, put } of this.#fields) {
      const value = record[property]
      if (value === undefined) for (const column of columns) column.addNull()
      else put(value as never)
    }
  }
}

const int64 = (view: DataView, at: number): number => view.getInt32(at) * WORD + view.getUint32(at + 4)

function addText(column: TextColumn, value: string): void {
  const bytes = Buffer.from(value)
  column.add(bytes, 0, bytes.length)
}

/** Number of elements of a binary `numeric[]`. @param at its position, after its length */
const elementsOf = (view: DataView, at: number): number => (view.getInt32(at) === 0 ? 0 : view.getInt32(at + 12))

function listFits(view: DataView, at: number): boolean {
  for (let left = elementsOf(view, at), element = at + ARRAY_HEAD; left > 0; left--, element += 4 + view.getInt32(element))
    if (!numericFits(view, element + 4)) return false
  return true
}

const MADE: Readonly<Record<FieldKind, (name: string, most: number) => Omit<FieldColumns, 'property'>>> = {
  text: (name, most) => {
    const column = new TextColumn(name, most)
    return {
      columns: [column],
      putScanned: (row, _view, at, length) => column.add(row, at, at + length),
      put: (value: string) => addText(column, value),
    }
  },
  decimal: (name, most) => {
    const column = new DecimalColumn(name, most)
    const exact = new TextColumn(`${name}_exact`, most)
    return {
      columns: [column, exact],
      fits: numericFits,
      putScanned: (_row, view, at) => {
        column.addNumeric(view, at)
        exact.addNull()
      },
      put: (value: string) => {
        const fits = unscaled(value)
        if (fits === undefined) {
          column.addNull()
          addText(exact, value)
        } else {
          column.addUnscaled(fits)
          exact.addNull()
        }
      },
    }
  },
  time: (name, most) => {
    const column = new NumberColumn(name, 'time', most)
    const putScanned = (_row: Buffer, view: DataView, at: number) => column.add(from2000(int64(view, at)))
    return { columns: [column], putScanned, put: (value: number) => column.add(value) }
  },
  integer: (name, most) => {
    const column = new NumberColumn(name, 'integer', most)
    const putScanned = (_row: Buffer, view: DataView, at: number) => column.add(int64(view, at))
    return { columns: [column], putScanned, put: (value: number) => column.add(value) }
  },
  float: (name, most) => {
    const column = new NumberColumn(name, 'float', most)
    const putScanned = (_row: Buffer, view: DataView, at: number) => column.add(view.getFloat64(at))
    return { columns: [column], putScanned, put: (value: number) => column.add(value) }
  },
  boolean: (name, most) => {
    const column = new BooleanColumn(name, most)
    const putScanned = (row: Buffer, _view: DataView, at: number) => column.add(row[at] === 1)
    return { columns: [column], putScanned, put: (value: boolean) => column.add(value) }
  },
  decimals: (name) => {
    const column = new ListColumn(name, (element, most) => new DecimalColumn(element, most))
    const exact = new ListColumn(`${name}_exact`, (element, most) => new TextColumn(element, most))
    return {
      columns: [column, exact],
      fits: listFits,
      putScanned: (_row, view, at) => {
        let left = elementsOf(view, at)
        column.begin(left)
        for (let element = at + ARRAY_HEAD; left > 0; left--, element += 4 + view.getInt32(element))
          column.values.addNumeric(view, element + 4)
        exact.addNull()
      },
      put: (list: readonly string[]) => {
        const fit = list.map(unscaled)
        if (fit.includes(undefined)) {
          column.addNull()
          exact.begin(list.length)
          for (const text of list) addText(exact.values, text)
        } else {
          column.begin(list.length)
          for (const value of fit) column.values.addUnscaled(value as bigint)
          exact.addNull()
        }
      },
    }
  },
}
