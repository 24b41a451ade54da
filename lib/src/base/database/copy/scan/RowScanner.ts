import type { z } from 'zod'
import { type FieldKind, type RecordType, takesPlainText } from '../../../types/index.ts'
import type { SeriesNumbers } from '../../series/SeriesNumbers.ts'
import type { TableSpec } from '../../tables/tables.ts'
import { bookPlaces, isBrokenBook } from './brokenBook.ts'
import { CLOSE, COMMA, OPEN, QUOTE, ScanCursor } from './cursor.ts'
import { DECIMAL_BYTES, scanDecimal } from './decimal.ts'
import { DECIMALS_BYTES, scanDecimals } from './decimals.ts'
import { candlePlaces, claimsFinalEarly } from './earlyFinal.ts'
import { FieldKeys, UNKNOWN } from './keys.ts'
import { BOOLEAN_BYTES, NUMBER_BYTES, putNull, scanBoolean, scanFloat, scanInteger, scanNull } from './scalars.ts'
import { skipMember } from './skip.ts'
import { AcceptedTexts, LastText, scanText, TEXT_BYTES } from './text.ts'
import { scanTime, TIME_BYTES } from './time.ts'

const NULL_START = 0x6e
const KINDS: readonly FieldKind[] = ['text', 'decimal', 'time', 'integer', 'float', 'boolean', 'decimals']
const [TEXT, DECIMAL, TIME, INTEGER, FLOAT, BOOLEAN, DECIMALS] = [0, 1, 2, 3, 4, 5, 6] as const
const MOST_BYTES = [TEXT_BYTES, DECIMAL_BYTES, TIME_BYTES, NUMBER_BYTES, NUMBER_BYTES, BOOLEAN_BYTES, DECIMALS_BYTES] as const
/** Size of a series number, with its length. */
const SERIES_BYTES = 12
/** Sets of fields are 32-bit numbers. */
const MOST_FIELDS = 31

/**
 * Fast lane of one record type: walks a JSON value once, checks its fields and writes them as a binary COPY row.
 *
 * Accepts any order of fields and any white space, and skips unknown fields. Leaves to the slow way: texts with escapes or beyond ASCII,
 * repeated fields, errors, records from the future, bars that claim to be final too early, and books that break their rule.
 */
export class RowScanner {
  readonly cursor: ScanCursor
  /** Most bytes of a row. */
  readonly rowBytes: number
  /** Records with a later time, in microseconds since 2000, are left to the slow way. */
  latest = Number.POSITIVE_INFINITY
  readonly #keys: FieldKeys
  readonly #kinds: Uint8Array
  /** By field: accepted texts, if its schema restricts them. */
  readonly #accepted: readonly (AcceptedTexts | undefined)[]
  readonly #last: readonly LastText[]
  readonly #optional: number
  /** Start and end of each field of the current row. */
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #scratch: Buffer
  readonly #candle: ReturnType<typeof candlePlaces>
  readonly #book: ReturnType<typeof bookPlaces>
  readonly #numbers: SeriesNumbers | undefined
  /** By field: its index among the names of the series, or -1. */
  readonly #nameAt: Int8Array
  /** By field: 1 for a name that is only in the registry, not a column. */
  readonly #dropped: Uint8Array
  /** Number of columns of a row. */
  readonly #columns: number
  /** Series names of the last row, and their number; -1 if it is not known. */
  readonly #names: string[]
  #number = -1
  #renamed = true
  #unknown = new Set<string>()

  /** @param numbers series numbers, if the table is keyed by them */
  constructor(type: RecordType, table: TableSpec, numbers?: SeriesNumbers) {
    const dropped = (table.series?.names ?? []).filter(({ name }) => !table.series?.kept.includes(name))
    const fields = table.series
      ? type.fields.filter((field) => dropped.includes(field) || table.fields.includes(field))
      : table.fields
    this.#numbers = numbers
    this.#columns = table.fields.length
    this.#names = (table.series?.names ?? []).map(() => '')
    this.#nameAt = Int8Array.from(fields, (field) => table.series?.names.indexOf(field) ?? -1)
    this.#dropped = Uint8Array.from(fields, (field) => (dropped.includes(field) ? 1 : 0))
    if (fields.length > MOST_FIELDS) throw new RangeError(`${table.name} has more than ${MOST_FIELDS} columns`)
    this.#keys = new FieldKeys(fields.map(({ name }) => name))
    this.#kinds = Uint8Array.from(fields, ({ kind }) => KINDS.indexOf(kind))
    this.#accepted = fields.map(({ name, kind }) =>
      kind === 'text' ? restricted(type.schema.shape[name] as z.ZodType) : undefined,
    )
    this.#last = fields.map(() => new LastText())
    this.#optional = fields.reduce((set, { optional }, i) => (optional ? set | (1 << i) : set), 0)
    this.#starts = new Int32Array(fields.length)
    this.#ends = new Int32Array(fields.length)
    // With room for a NULL per field: a field that is out of order leaves one until #arrange().
    this.rowBytes = fields.reduce((sum, { kind }) => sum + 4 + (MOST_BYTES[KINDS.indexOf(kind)] as number), 2 + SERIES_BYTES)
    this.#scratch = Buffer.allocUnsafeSlow(this.rowBytes)
    this.cursor = new ScanCursor()
    this.#candle = candlePlaces(fields)
    this.#book = bookPlaces(fields)
  }

  /** Takes the keys of series without a known number; rows scanned for them are not valid. */
  takeUnknown(): Iterable<string> {
    const unknown = this.#unknown
    if (unknown.size > 0) this.#unknown = new Set()
    return unknown
  }

  /**
   * Scans the value between two positions of the input, and writes its row at the cursor's `to`. The caller reserves room.
   * @returns false, with `to` unchanged, if the slow way must decide
   */
  scan(start: number, end: number): boolean {
    const c = this.cursor
    const row = c.to
    c.at = start
    c.view.setInt16(row, this.#columns)
    c.to = row + 2
    if (this.#numbers) c.to += SERIES_BYTES
    c.latest = Number.NEGATIVE_INFINITY
    if (this.#fields(end) && c.latest <= this.latest && (!this.#numbers || this.#putNumber(this.#numbers, row + 2))) return true
    c.to = row
    return false
  }

  /**
   * Writes the number of the series. Rows of one series come together, so usually it is that of the row before.
   * @returns false for a series that the database refuses
   */
  #putNumber(numbers: SeriesNumbers, at: number): boolean {
    if (this.#renamed) {
      const key = numbers.keyOf(this.#names)
      this.#number = numbers.find(key) ?? -1
      this.#renamed = this.#number < 0
      if (this.#renamed) {
        if (!numbers.mustLearn(key)) return false
        this.#unknown.add(key)
      }
    }
    const { view } = this.cursor
    view.setInt32(at, 8)
    view.setInt32(at + 4, Math.floor(this.#number / 0x1_0000_0000))
    view.setUint32(at + 8, this.#number >>> 0)
    return true
  }

  #fields(end: number): boolean {
    const c = this.cursor
    const first = c.to
    let expected = 0
    let seen = 0
    let inOrder = true
    c.skipSpace()
    if (c.bytes[c.at++] !== OPEN) return false
    for (;;) {
      const field = this.#keys.next(c, expected)
      if (field >= 0) {
        if ((seen & (1 << field)) !== 0) return false
        seen |= 1 << field
        c.skipSpace()
        // Skipped fields are absent, or come later; then #arrange() restores the order.
        if (field < expected) inOrder = false
        else if (inOrder) for (; expected < field; expected++) putNull(c)
        this.#starts[field] = c.to
        if (!this.#value(field)) return false
        if (this.#dropped[field] === 1) c.to = this.#starts[field] as number
        this.#ends[field] = c.to
        expected = field + 1
      } else if (field !== UNKNOWN || !skipMember(c)) return false
      c.skipSpace()
      const byte = c.bytes[c.at++]
      if (byte === CLOSE) break
      if (byte !== COMMA) return false
    }
    c.skipSpace()
    if (c.at !== end || (seen | this.#optional) !== (1 << this.#keys.count) - 1) return false
    if (this.#candle && claimsFinalEarly(c, this.#starts, this.#candle)) return false
    if (this.#book && isBrokenBook(c, this.#starts, this.#book)) return false
    if (inOrder) for (; expected < this.#keys.count; expected++) putNull(c)
    else this.#arrange(first, seen)
    return true
  }

  #value(field: number): boolean {
    const c = this.cursor
    const kind = this.#kinds[field]
    if (c.bytes[c.at] === QUOTE) {
      c.at++
      if (kind === TEXT) return (this.#last[field] as LastText).scan(c) || this.#text(field)
      if (kind === DECIMAL) return scanDecimal(c)
      return kind === TIME && scanTime(c)
    }
    if (c.bytes[c.at] === NULL_START) return (this.#optional & (1 << field)) !== 0 && scanNull(c)
    if (kind === INTEGER) return scanInteger(c)
    if (kind === FLOAT) return scanFloat(c)
    if (kind === BOOLEAN) return scanBoolean(c)
    return kind === DECIMALS && scanDecimals(c)
  }

  #text(field: number): boolean {
    const c = this.cursor
    const { at, to } = c
    if (!scanText(c)) return false
    const accepted = this.#accepted[field]
    if (accepted !== undefined && !accepted.has(c.out, to + 4, c.to)) return false
    ;(this.#last[field] as LastText).keep(c.bytes, at, c.at)
    const name = this.#nameAt[field] as number
    if (name >= 0) {
      const text = c.out.toString('latin1', to + 4, c.to)
      if (text !== this.#names[name]) {
        this.#names[name] = text
        this.#renamed = true
      }
    }
    return true
  }

  /** Reorders the fields of a row to the order of the columns. */
  #arrange(first: number, seen: number): void {
    const c = this.cursor
    c.out.copy(this.#scratch, 0, first, c.to)
    c.to = first
    for (let field = 0; field < this.#keys.count; field++) {
      if ((seen & (1 << field)) === 0) putNull(c)
      else {
        const start = this.#starts[field] as number
        const end = this.#ends[field] as number
        this.#scratch.copy(c.out, c.to, start - first, end - first)
        c.to += end - start
      }
    }
  }
}

/** A cache for a schema that restricts texts (a pattern or a list); undefined if it takes any text of 1 to 200 characters. */
function restricted(schema: z.ZodType): AcceptedTexts | undefined {
  return takesPlainText(schema) ? undefined : new AcceptedTexts(schema)
}
