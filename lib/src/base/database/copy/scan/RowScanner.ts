import type { z } from 'zod'
import type { FieldKind, RecordType } from '../../../types/index.ts'
import type { TableSpec } from '../../tables.ts'
import { claimsTooMuch, placesOf } from './closed.ts'
import { CLOSE, COMMA, OPEN, QUOTE, ScanCursor } from './cursor.ts'
import { DECIMAL_BYTES, scanDecimal } from './decimal.ts'
import { FieldKeys, UNKNOWN } from './keys.ts'
import { BOOLEAN_BYTES, NUMBER_BYTES, putNull, scanBoolean, scanFloat, scanInteger, scanNull } from './scalars.ts'
import { skipMember } from './skip.ts'
import { AcceptedTexts, LastText, scanText, TEXT_BYTES } from './text.ts'
import { scanTime, TIME_BYTES } from './time.ts'

const NULL_START = 0x6e
const KINDS: readonly FieldKind[] = ['text', 'decimal', 'time', 'integer', 'float', 'boolean']
const [TEXT, DECIMAL, TIME, INTEGER, FLOAT, BOOLEAN] = [0, 1, 2, 3, 4, 5] as const
const MOST_BYTES = [TEXT_BYTES, DECIMAL_BYTES, TIME_BYTES, NUMBER_BYTES, NUMBER_BYTES, BOOLEAN_BYTES] as const
/** A set of fields is a number. */
const MOST_FIELDS = 31

/**
 * The fast lane for one record type: a JSON value walked once, its fields checked and written as a binary COPY row on the way.
 * It takes any order of fields and any white space, and leaves out fields that it does not know; texts with escapes or beyond ASCII,
 * fields it meets twice, and whatever is wrong, from the future or not over yet are left to the slow way.
 */
export class RowScanner {
  readonly cursor: ScanCursor
  /** No row is longer. */
  readonly rowBytes: number
  /** A record with a time beyond it, in microseconds since 2000, is left to the slow way. */
  latest = Number.POSITIVE_INFINITY
  readonly #keys: FieldKeys
  readonly #kinds: Uint8Array
  /** Texts that are not free; by field. */
  readonly #accepted: readonly (AcceptedTexts | undefined)[]
  readonly #last: readonly LastText[]
  readonly #optional: number
  /** Where each field of the row at hand begins and ends. */
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #scratch: Buffer
  readonly #candle: ReturnType<typeof placesOf>

  constructor(type: RecordType, table: TableSpec) {
    const { fields } = table
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
    // A field that comes late has a NULL in its place until the row is put in order.
    this.rowBytes = fields.reduce((sum, { kind }) => sum + 4 + (MOST_BYTES[KINDS.indexOf(kind)] as number), 2)
    this.#scratch = Buffer.allocUnsafeSlow(this.rowBytes)
    this.cursor = new ScanCursor()
    this.#candle = placesOf(table)
  }

  /**
   * Writes the row of the value between two places of the cursor's bytes at the cursor's `to`, for which there must be room.
   * @returns false, with `to` where it was, where the slow way must decide
   */
  scan(start: number, end: number): boolean {
    const c = this.cursor
    const row = c.to
    c.at = start
    c.view.setInt16(row, this.#keys.count)
    c.to = row + 2
    c.latest = Number.NEGATIVE_INFINITY
    if (this.#fields(end) && c.latest <= this.latest) return true
    c.to = row
    return false
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
        // Those in between are absent, or come later, when this is put right.
        if (field < expected) inOrder = false
        else if (inOrder) for (; expected < field; expected++) putNull(c)
        this.#starts[field] = c.to
        if (!this.#value(field)) return false
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
    if (this.#candle && claimsTooMuch(c, this.#starts, this.#candle)) return false
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
    return kind === BOOLEAN && scanBoolean(c)
  }

  #text(field: number): boolean {
    const c = this.cursor
    const { at, to } = c
    if (!scanText(c)) return false
    const accepted = this.#accepted[field]
    if (accepted !== undefined && !accepted.has(c.out, to + 4, c.to)) return false
    ;(this.#last[field] as LastText).keep(c.bytes, at, c.at)
    return true
  }

  /** Puts the fields of a row, which came in another order, into that of the columns. */
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

/** A free text is any of 1 to 200 characters; one with a pattern or of a list is asked about. */
function restricted(schema: z.ZodType): AcceptedTexts | undefined {
  const free = FREE.every((text) => schema.safeParse(text).success)
  return free ? undefined : new AcceptedTexts(schema)
}

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i))
const FREE = [...PRINTABLE, PRINTABLE.join(''), ' '.repeat(200), ':/'.repeat(100)]
