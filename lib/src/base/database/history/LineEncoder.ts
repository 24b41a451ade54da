import type { FieldKind, RecordField } from '../../types/index.ts'
import type { RawRow, RowReader } from '../reading/RowReader.ts'
import { type CopiedText, FRAME_HEAD } from './copyText.ts'
import type { LineForm } from './forms.ts'
import type { HistoryKind } from './kinds.ts'
import type { RegisteredSeries } from './series.ts'

const TAB = 0x09
const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const UPPER_N = 0x4e
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const COLON = 0x3a
const SPACE = 0x20
const UPPER_T = 0x54
const UPPER_Z = 0x5a
const ZERO = 0x30
const NINE = 0x39
const LOWER_T = 0x74
const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d
/** Most bytes of a list for a byte of input: `1,` becomes `""1"",`. */
const LIST_GROWTH = 3
/** Digits on either side of the point of a figure. */
const MOST_DIGITS = 40
/** An integer of at most this many digits is exact in a number. */
const SAFE_DIGITS = 15
const MOST_PROGRAMS = 10_000

/** One column of a line, and the bytes before it. */
interface Step {
  readonly field: RecordField
  readonly kind: FieldKind
  /** The constant fields of the series before it. */
  readonly constants: Buffer
  readonly label: Buffer
}

interface Program {
  readonly series: RegisteredSeries
  readonly steps: readonly Step[]
  /** The constant fields after the last column, and the end of the record. */
  readonly rest: Buffer
  /** Bytes of a record without those of its values. */
  readonly bytes: number
  /** Most bytes of a value for a byte of input. */
  readonly growth: number
}

/** Encoded records, in the order of the history. */
export interface Encoded {
  readonly bytes: Buffer
  readonly rows: number
}

/**
 * Encodes lines of COPY as records of NDJSON or CSV. Fast path: values are copied byte by byte, and checked on the way. A line with an
 * escape, a figure that is not canonical or anything else unusual takes the slow path: it is decoded as a record and encoded as any
 * other, so both paths give the same bytes. A line that is not a record is skipped and recorded as an unreadable row.
 */
export class LineEncoder {
  readonly #kind: HistoryKind
  readonly #form: LineForm
  readonly #reader: RowReader
  readonly #quoteBytes: number
  readonly #programs = new Map<RegisteredSeries, Program>()
  #program: Program | undefined
  #input: Uint8Array = Buffer.alloc(0)
  #at = 0
  #out = Buffer.allocUnsafeSlow(0)
  #to = 0
  /** Bytes of output for a byte of input. */
  #growth = 1

  constructor(kind: HistoryKind, form: LineForm, reader: RowReader) {
    this.#kind = kind
    this.#form = form
    this.#reader = reader
    this.#quoteBytes = form.quote === '' ? 0 : 2
  }

  /** Encodes lines. @returns bytes that belong to the caller */
  encode({ bytes, rows }: CopiedText, series: readonly RegisteredSeries[]): Encoded {
    this.#input = bytes
    this.#at = 0
    this.#to = 0
    this.#out = Buffer.allocUnsafeSlow(Math.ceil(this.#growth * bytes.length) + 64)
    let encoded = 0
    for (let row = 0; row < rows; row++) {
      const length = bytes.readUInt32BE(this.#at + 1)
      this.#at += FRAME_HEAD
      const start = this.#at
      const program = this.#programOf(series)
      this.#reserve(program.bytes + program.growth * length)
      const to = this.#to
      if (!this.#line(program)) {
        this.#to = to
        this.#at = start
        if (!this.#decoded(program)) continue
      }
      encoded++
    }
    if (bytes.length > 0) this.#growth = Math.max(this.#growth, (1.05 * this.#to) / bytes.length)
    return { bytes: this.#out.subarray(0, this.#to), rows: encoded }
  }

  /** Reads the place of the series in the list, which is the first column. */
  #programOf(series: readonly RegisteredSeries[]): Program {
    let place = 0
    for (let byte = this.#input[this.#at++] as number; byte !== TAB; byte = this.#input[this.#at++] as number)
      place = place * 10 + byte - ZERO
    const of = series[place - 1] as RegisteredSeries
    if (this.#program?.series === of) return this.#program
    let program = this.#programs.get(of)
    if (!program) {
      // By series, each program is used once; by time, all are used again at every moment.
      if (this.#programs.size >= MOST_PROGRAMS) this.#programs.clear()
      program = this.#compile(of)
      this.#programs.set(of, program)
    }
    this.#program = program
    return program
  }

  #compile(series: RegisteredSeries): Program {
    const { type, columns } = this.#kind
    const form = this.#form
    const steps: Step[] = []
    let constants = form.open
    for (const [i, field] of type.fields.entries()) {
      const label = form.label(field.name, i === 0)
      if (columns.includes(field)) {
        steps.push({ field, kind: field.kind, constants: Buffer.from(constants), label: Buffer.from(label) })
        constants = ''
        continue
      }
      const value = series.names[field.name as keyof RegisteredSeries['names']]
      // An empty name in the registry means that the record has none.
      if (value === '' && field.optional) constants += form.absent(i === 0) ?? ''
      else constants += `${label}${form.text(value)}`
    }
    const rest = Buffer.from(`${constants}${form.close}`)
    const own = steps.reduce((sum, step) => sum + step.constants.length + step.label.length + this.#quoteBytes + 8, rest.length)
    const growth = steps.some(({ kind }) => kind === 'decimals') ? LIST_GROWTH : 1
    return { series, steps, rest, bytes: own, growth }
  }

  #reserve(bytes: number): void {
    if (this.#out.length - this.#to >= bytes) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#out.length, this.#to + bytes))
    this.#out.copy(larger, 0, 0, this.#to)
    this.#out = larger
  }

  /** The fast path. @returns false if the line needs the slow path */
  #line({ steps, rest }: Program): boolean {
    const last = steps.length - 1
    for (let i = 0; i <= last; i++) {
      const step = steps[i] as Step
      this.#put(step.constants)
      if (this.#input[this.#at] === BACKSLASH && this.#input[this.#at + 1] === UPPER_N) {
        this.#at += 2
        if (this.#form.absent(false) !== undefined) this.#put(step.label)
      } else {
        this.#put(step.label)
        if (!this.#value(step.kind)) return false
      }
      if (this.#input[this.#at++] !== (i === last ? NEWLINE : TAB)) return false
    }
    this.#put(rest)
    return true
  }

  #put(bytes: Buffer): void {
    const out = this.#out
    let to = this.#to
    // For the few bytes of a label a loop is faster than a call.
    for (let i = 0; i < bytes.length; i++) out[to++] = bytes[i] as number
    this.#to = to
  }

  #value(kind: FieldKind): boolean {
    if (kind === 'integer' || kind === 'float') return this.#number(kind)
    if (kind === 'boolean') return this.#boolean()
    if (kind === 'decimals') return this.#decimals()
    const quote = this.#form.quote !== ''
    if (quote) this.#out[this.#to++] = 0x22
    const plain = kind === 'decimal' ? this.#decimal() : kind === 'time' ? this.#time() : this.#text()
    if (quote) this.#out[this.#to++] = 0x22
    return plain
  }

  #text(): boolean {
    const input = this.#input
    const out = this.#out
    const first = this.#at
    let at = first
    let to = this.#to
    let byte = input[at] as number
    while (byte !== TAB && byte !== NEWLINE) {
      if (!this.#form.isPlain(byte, false)) return false
      out[to++] = byte
      byte = input[++at] as number
    }
    this.#at = at
    this.#to = to
    return at > first && this.#form.isPlain(input[first] as number, true) && this.#form.isPlain(input[at - 1] as number, true)
  }

  #decimal(): boolean {
    const input = this.#input
    const out = this.#out
    let at = this.#at
    let to = this.#to
    let byte = input[at] as number
    if (byte === MINUS) {
      out[to++] = byte
      byte = input[++at] as number
    }
    const first = at
    while (byte >= ZERO && byte <= NINE) {
      out[to++] = byte
      byte = input[++at] as number
    }
    const whole = at - first
    if (whole === 0 || whole > MOST_DIGITS || (whole > 1 && input[first] === ZERO)) return false
    if (byte === POINT) {
      out[to++] = byte
      byte = input[++at] as number
      const point = at
      while (byte >= ZERO && byte <= NINE) {
        out[to++] = byte
        byte = input[++at] as number
      }
      const fraction = at - point
      if (fraction === 0 || fraction > MOST_DIGITS || input[at - 1] === ZERO) return false
    }
    this.#at = at
    this.#to = to
    return true
  }

  /** `{1.5,2}` as a list of texts. */
  #decimals(): boolean {
    const { open, mark, close } = this.#form.list
    const input = this.#input
    if (input[this.#at++] !== OPEN) return false
    if (input[this.#at] === CLOSE) {
      this.#at++
      this.#write('[]')
      return true
    }
    this.#write(open)
    for (;;) {
      this.#write(mark)
      if (!this.#decimal()) return false
      this.#write(mark)
      const byte = input[this.#at++]
      if (byte === CLOSE) break
      if (byte !== COMMA) return false
      this.#out[this.#to++] = COMMA
    }
    this.#write(close)
    return true
  }

  #write(text: string): void {
    for (let i = 0; i < text.length; i++) this.#out[this.#to++] = text.charCodeAt(i)
  }

  /** `2026-01-31 12:00:00.5+00` as `2026-01-31T12:00:00.5Z`. */
  #time(): boolean {
    const input = this.#input
    const out = this.#out
    const first = this.#at
    let at = first
    let to = this.#to
    for (const end = first + 10; at < end; at++) out[to++] = input[at] as number
    if (input[first + 4] !== MINUS || input[first + 7] !== MINUS || input[at++] !== SPACE) return false
    out[to++] = UPPER_T
    let byte = input[at] as number
    while ((byte >= ZERO && byte <= COLON) || byte === POINT) {
      out[to++] = byte
      byte = input[++at] as number
    }
    if (byte !== PLUS || input[at + 1] !== ZERO || input[at + 2] !== ZERO) return false
    out[to++] = UPPER_Z
    this.#at = at + 3
    this.#to = to
    return true
  }

  #number(kind: 'integer' | 'float'): boolean {
    const input = this.#input
    const out = this.#out
    const first = this.#at
    let at = first
    let to = this.#to
    for (let byte = input[at] as number; byte !== TAB && byte !== NEWLINE; byte = input[++at] as number) {
      if ((byte < ZERO || byte > NINE) && byte !== MINUS && (byte !== POINT || kind === 'integer')) return false
      out[to++] = byte
    }
    this.#at = at
    this.#to = to
    // A float may be -0, which JSON writes as 0.
    return at > first && at - first <= SAFE_DIGITS && !(at - first === 2 && input[first] === MINUS && input[first + 1] === ZERO)
  }

  #boolean(): boolean {
    const word = this.#input[this.#at++] === LOWER_T ? this.#form.yes : this.#form.no
    this.#to += this.#out.write(word, this.#to, 'latin1')
    return true
  }

  /** The slow path. @returns false if the row is not a record */
  #decoded({ series, bytes }: Program): boolean {
    const start = this.#input.indexOf(TAB, this.#at) + 1
    const end = this.#input.indexOf(NEWLINE, start)
    this.#at = end + 1
    const cells = Buffer.from(this.#input.buffer, this.#input.byteOffset + start, end - start)
      .toString()
      .split('\t')
    const row: Record<string, string | null> = { ...series.names }
    for (const [i, { name }] of this.#kind.columns.entries()) row[name] = unescaped(cells[i] as string)
    for (const { name, optional } of this.#kind.type.fields) if (optional && row[name] === '') row[name] = null
    const [record] = this.#reader.readable(this.#kind.type, [row as RawRow])
    if (record === undefined) return false
    const text = Buffer.from(this.#form.record(this.#kind.type, record))
    this.#reserve(text.length + bytes)
    this.#to += text.copy(this.#out, this.#to)
    return true
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** The value of a cell of COPY's text format. */
export const unescaped = (cell: string): string | null =>
  cell === '\\N' ? null : cell.replaceAll(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter)
