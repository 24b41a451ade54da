import type { z } from 'zod'
import type { FieldKind, RecordType } from '../../../types/index.ts'
import type { TableSpec } from '../../tables.ts'
import { CLOSE, COLON, COMMA, OPEN, QUOTE, ScanCursor } from './cursor.ts'
import { DECIMAL_BYTES, scanDecimal } from './decimal.ts'
import { BOOLEAN_BYTES, NUMBER_BYTES, putNull, scanBoolean, scanFloat, scanInteger, scanNull } from './scalars.ts'
import { AcceptedTexts, scanText, TEXT_BYTES } from './text.ts'
import { scanTime, TIME_BYTES } from './time.ts'

const NULL_START = 0x6e
const KINDS: readonly FieldKind[] = ['text', 'decimal', 'time', 'integer', 'float', 'boolean']
const [TEXT, DECIMAL, TIME, INTEGER, FLOAT] = [0, 1, 2, 3, 4] as const
const MOST_BYTES = [TEXT_BYTES, DECIMAL_BYTES, TIME_BYTES, NUMBER_BYTES, NUMBER_BYTES, BOOLEAN_BYTES] as const
/** A set of fields is a number. */
const MOST_FIELDS = 31

/**
 * The fast lane for one record type: a JSON value walked once, its fields checked and written as a binary COPY row on the way.
 * It takes any order of fields and any white space; texts with escapes or beyond ASCII, fields it does not know or meets twice,
 * and whatever is wrong are left to the slow way.
 */
export class RowScanner {
  readonly cursor: ScanCursor
  /** No row is longer. */
  readonly rowBytes: number
  readonly #count: number
  /** A field's name in its quotes. */
  readonly #keys: readonly Uint8Array[]
  readonly #kinds: Uint8Array
  /** Texts that are not free; by field. */
  readonly #accepted: readonly (AcceptedTexts | undefined)[]
  readonly #optional: number
  /** Where each field of the row at hand begins and ends. */
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  #scratch: Buffer

  constructor(type: RecordType, table: TableSpec) {
    const { fields } = table
    if (fields.length > MOST_FIELDS) throw new RangeError(`${table.name} has more than ${MOST_FIELDS} columns`)
    this.#count = fields.length
    this.#keys = fields.map(({ name }) => Buffer.from(JSON.stringify(name)))
    this.#kinds = Uint8Array.from(fields, ({ kind }) => KINDS.indexOf(kind))
    this.#accepted = fields.map(({ name, kind }) => (kind === 'text' ? restricted(type.schema.shape[name] as z.ZodType) : undefined))
    this.#optional = fields.reduce((set, { optional }, i) => (optional ? set | (1 << i) : set), 0)
    this.#starts = new Int32Array(fields.length)
    this.#ends = new Int32Array(fields.length)
    this.rowBytes = fields.reduce((sum, { kind }) => sum + (MOST_BYTES[KINDS.indexOf(kind)] as number), 2)
    this.#scratch = Buffer.allocUnsafeSlow(this.rowBytes)
    this.cursor = new ScanCursor(1 << 16)
  }

  /**
   * Writes the row of the value between two places of the cursor's bytes at the cursor's `to`, for which there must be room.
   * @returns false, with `to` where it was, where the slow way must decide
   */
  scan(start: number, end: number): boolean {
    const c = this.cursor
    const row = c.to
    c.at = start
    c.view.setInt16(row, this.#count)
    c.to = row + 2
    if (this.#fields(end)) return true
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
      c.skipSpace()
      const field = this.#key(expected)
      if (field < 0 || (seen & (1 << field)) !== 0) return false
      seen |= 1 << field
      c.skipSpace()
      if (c.bytes[c.at++] !== COLON) return false
      c.skipSpace()
      // Those in between are absent, or come later, when this is put right.
      if (field < expected) inOrder = false
      else if (inOrder) for (; expected < field; expected++) putNull(c)
      this.#starts[field] = c.to
      if (!this.#value(field)) return false
      this.#ends[field] = c.to
      expected = field + 1
      c.skipSpace()
      const byte = c.bytes[c.at++]
      if (byte === CLOSE) break
      if (byte !== COMMA) return false
    }
    c.skipSpace()
    if (c.at !== end || (seen | this.#optional) !== (1 << this.#count) - 1) return false
    if (inOrder) for (; expected < this.#count; expected++) putNull(c)
    else this.#arrange(first, seen)
    return true
  }

  /** The field whose name is next, looked for from the expected one on; -1 for any other. */
  #key(expected: number): number {
    const c = this.cursor
    const count = this.#count
    for (let k = 0, field = expected; k < count; k++, field++) {
      if (field >= count) field -= count
      const key = this.#keys[field] as Uint8Array
      if (!startsWith(c.bytes, c.at, key)) continue
      c.at += key.length
      return field
    }
    return -1
  }

  #value(field: number): boolean {
    const c = this.cursor
    const kind = this.#kinds[field]
    if (c.bytes[c.at] === QUOTE) {
      c.at++
      if (kind === TEXT) {
        const start = c.to + 4
        if (!scanText(c)) return false
        const accepted = this.#accepted[field]
        return accepted === undefined || accepted.has(c.out, start, c.to)
      }
      if (kind === DECIMAL) return scanDecimal(c)
      return kind === TIME && scanTime(c)
    }
    if (c.bytes[c.at] === NULL_START) return (this.#optional & (1 << field)) !== 0 && scanNull(c)
    if (kind === INTEGER) return scanInteger(c)
    if (kind === FLOAT) return scanFloat(c)
    return kind > FLOAT && scanBoolean(c)
  }

  /** Puts the fields of a row, which came in another order, into that of the columns. */
  #arrange(first: number, seen: number): void {
    const c = this.cursor
    this.#scratch = roomy(this.#scratch, c.to - first)
    c.out.copy(this.#scratch, 0, first, c.to)
    c.to = first
    for (let field = 0; field < this.#count; field++) {
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

function startsWith(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return false
  return true
}

const roomy = (buffer: Buffer, bytes: number): Buffer => (bytes <= buffer.length ? buffer : Buffer.allocUnsafeSlow(bytes))

/** A free text is any of 1 to 200 characters; one with a pattern or of a list is asked about. */
function restricted(schema: z.ZodType): AcceptedTexts | undefined {
  const free = FREE.every((text) => schema.safeParse(text).success)
  return free ? undefined : new AcceptedTexts(schema)
}

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i))
const FREE = [...PRINTABLE, PRINTABLE.join(''), ' '.repeat(200), ':/'.repeat(100)]
