import {
  admit,
  CLOCK_SLACK,
  type Decimal,
  type EncodedBatch,
  type Micros,
  nowMicros,
  type RecordField,
  type RecordType,
  type RecordValues,
} from '../../../types/index.ts'
import { ScanSource } from './cursor.ts'
import { firstElement, nextElement, writtenCount } from './decimals.ts'
import { RecordScan } from './RecordScan.ts'
import { from2000 } from './time.ts'

/** Size of a field's length, in front of its value. */
const LENGTH = 4
/** Offset of the scale (number of decimals) within a binary numeric. */
const SCALE_AT = 6
/** The scanner leaves figures with more digits before the point to the decoder. */
const SCANNED_DIGITS = 15

/**
 * Reads and checks fields of encoded records in place, without an object per record. A record that the scanner cannot decide (escapes, long
 * figures, errors) is decoded. Holds one record at a time: {@link read} moves to another.
 */
export class RecordFields {
  readonly #type: RecordType
  readonly #scan: RecordScan
  readonly #now: () => Micros
  readonly #sources = new WeakMap<EncodedBatch, ScanSource>()
  /** By field: position of its length in the row; the value follows. */
  readonly #places: Int32Array
  #decoded: RecordValues | undefined

  /** @param now the clock by which records from the future are refused */
  constructor(type: RecordType, now: () => Micros = nowMicros) {
    this.#type = type
    this.#now = now
    this.#scan = new RecordScan(type)
    this.#places = new Int32Array(type.fields.length)
  }

  /** The number of a field, for the getters below; -1 if the type has no field of this name. */
  place(name: string): number {
    return this.#type.fields.findIndex((field) => field.name === name)
  }

  /**
   * Moves to a record.
   * @throws QiError BAD_DATA if it is invalid, or from the future
   */
  read(batch: EncodedBatch, index: number): void {
    let source = this.#sources.get(batch)
    if (!source) {
      source = new ScanSource(batch.bytes)
      this.#sources.set(batch, source)
    }
    const now = this.#now()
    this.#scan.open(source)
    this.#scan.until(now + Math.min(this.#type.ahead, CLOCK_SLACK))
    const { spans } = batch
    if (!this.#scan.read(spans[2 * index] as number, spans[2 * index + 1] as number)) {
      const record = this.#type.decode(batch.value(index))
      // isFinal is not checked here: that needs the calendar of the bar's source.
      admit(this.#type, record.isFinal === true ? { ...record, isFinal: false } : record, now)
      this.#decoded = record
      return
    }
    this.#decoded = undefined
    this.#scan.locate(this.#places)
  }

  /** The record, if it had to be decoded. Any other one is plain ASCII, with each field once and no exponents. */
  get decoded(): RecordValues | undefined {
    return this.#decoded
  }

  has(field: number): boolean {
    if (this.#decoded) return this.#value(field) !== undefined
    return this.#length(field) >= 0
  }

  text(field: number): string {
    if (this.#decoded) return String(this.#value(field) ?? '')
    const start = this.#start(field)
    return this.#scan.row.toString('latin1', start, start + Math.max(0, this.#length(field)))
  }

  /** The field must have a value. */
  time(field: number): Micros {
    return this.#decoded ? (this.#value(field) as Micros) : from2000(this.#int64(field))
  }

  /** The field must have a value. */
  integer(field: number): number {
    return this.#decoded ? (this.#value(field) as number) : this.#int64(field)
  }

  /** False without a value. */
  flag(field: number): boolean {
    if (this.#decoded) return this.#value(field) === true
    return this.has(field) && this.#scan.row[this.#start(field)] === 1
  }

  /** True if a decimal has at most so many digits before and after the point, or no value. */
  fits(field: number, whole: number, fraction: number): boolean {
    if (!this.has(field)) return true
    if (!this.#decoded) return SCANNED_DIGITS <= whole && this.#scan.view.getUint16(this.#start(field) + SCALE_AT) <= fraction
    return hasDigits(String(this.#value(field)), whole, fraction)
  }

  /** True if all decimals of a list have at most so many digits before and after the point, or it has no value. */
  listFits(field: number, whole: number, fraction: number): boolean {
    if (!this.has(field)) return true
    if (this.#decoded) return (this.#value(field) as readonly Decimal[]).every((text) => hasDigits(text, whole, fraction))
    if (SCANNED_DIGITS > whole) return false
    const { view } = this.#scan
    const start = this.#places[field] as number
    let element = firstElement(start)
    for (let left = writtenCount(view, start); left > 0; left--, element = nextElement(view, element))
      if (view.getUint16(element + LENGTH + SCALE_AT) > fraction) return false
    return true
  }

  #value(field: number): RecordValues[string] {
    return this.#decoded?.[(this.#type.fields[field] as RecordField).property]
  }

  #start(field: number): number {
    return (this.#places[field] as number) + LENGTH
  }

  #length(field: number): number {
    return this.#scan.view.getInt32(this.#places[field] as number)
  }

  #int64(field: number): number {
    const at = this.#start(field)
    const { view } = this.#scan
    return view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4)
  }
}

function hasDigits(text: string, whole: number, fraction: number): boolean {
  const [before = '', behind = ''] = text.replace('-', '').split('.')
  return before.length <= whole && behind.length <= fraction
}
