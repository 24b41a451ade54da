import { compareRanked, from2000, identityOf, RecordScan, rank } from '../../database/index.ts'
import type { FieldKind, Micros, RecordField, RecordType, RecordValues } from '../../types/index.ts'

const WORD = 0x1_0000_0000
/** Bytes of a whole number in a key. */
const WHOLE = 8
/** Initial size of a key's buffer. */
const LEAST_BYTES = 256

/**
 * Makes sort keys for the records of a type: by series, then by time. Repeats of a record have the same key, and the winner among them is
 * the one that the store keeps.
 */
export class RecordOrder {
  readonly #type: RecordType
  readonly #series: readonly RecordField[]
  readonly #rest: readonly RecordField[]
  readonly #ranked: readonly RecordField[]
  readonly #key = new KeyBytes()
  readonly #scan: RecordScan
  readonly #places: Int32Array
  /** The fields of a key, in its order: their indexes among those of the type. */
  readonly #fields: readonly { readonly at: number; readonly kind: FieldKind }[]
  #bytes: Buffer = Buffer.alloc(0)

  constructor(type: RecordType) {
    this.#type = type
    const { series, rest } = identityOf(type)
    this.#series = series
    this.#rest = rest
    this.#ranked = rank(
      type.fields,
      [...series, ...rest].map(({ name }) => name),
    )
    this.#scan = new RecordScan(type)
    this.#fields = [...series, ...rest].map((field) => ({ at: type.fields.indexOf(field), kind: field.kind }))
    this.#places = new Int32Array(1 + Math.max(...this.#fields.map(({ at }) => at)))
  }

  /** Sets the bytes to read from. */
  open(bytes: Buffer): void {
    this.#bytes = bytes
    this.#scan.open(bytes)
  }

  /**
   * The key of a record, equal only for its repeats.
   * @param start of a line; at its end is the newline
   * @throws QiError BAD_DATA for a line that is not a record
   */
  keyOf(start: number, end: number): Buffer {
    this.#key.clear()
    // Includes the newline, which the scan takes as white space after the record.
    if (this.#scan.read(start, end + 1)) this.#addScanned()
    else {
      const record = this.#type.decode(this.#bytes.subarray(start, end))
      for (const field of this.#series) this.#add(field, record)
      for (const field of this.#rest) this.#add(field, record)
    }
    return this.#key.copy()
  }

  /** The record of two with one key that stays. It does not depend on their order, even where all known fields are equal. */
  winner(a: Buffer, b: Buffer): Buffer {
    const order = compareRanked(this.#ranked, this.#type.decode(a), this.#type.decode(b))
    return (order === 0 ? a.compare(b) : order) >= 0 ? a : b
  }

  /** Length of the part of a key with series and time. */
  momentOf(key: Buffer): number {
    let at = 0
    for (let left = this.#series.length; left > 0; left--) at = key.indexOf(0, at) + 1
    return at + WHOLE
  }

  /** Sort key among records of one time: the venue's sequence, then arrival, then the id, shorter ones first. */
  withinMoment(line: Uint8Array): Buffer {
    const { sequence, receivedAt, tradeId } = this.#type.decode(line)
    const id = String(tradeId)
    this.#key.clear()
    this.#key.addWhole((sequence as number | undefined) ?? Number.MAX_SAFE_INTEGER)
    this.#key.addWhole(receivedAt as Micros)
    this.#key.addWhole(id.length)
    this.#key.addText(id)
    return this.#key.copy()
  }

  /** True if records of one time have an order that their key does not have. */
  get ordersMoments(): boolean {
    return this.#type.ordersByArrival
  }

  #addScanned(): void {
    const { row, view } = this.#scan
    this.#scan.locate(this.#places)
    for (const { at: field, kind } of this.#fields) {
      const at = (this.#places[field] as number) + 4
      const int64 = () => view.getInt32(at) * WORD + view.getUint32(at + 4)
      if (kind === 'time') this.#key.addWhole(from2000(int64()))
      else if (kind === 'integer') this.#key.addWhole(int64())
      else this.#key.addBytes(row, at, at + Math.max(0, view.getInt32(at - 4)))
    }
  }

  #add({ property, kind }: RecordField, record: RecordValues): void {
    const value = record[property]
    if (kind === 'time' || kind === 'integer') this.#key.addWhole(value as number)
    else this.#key.addText(String(value ?? ''))
  }
}

/** Builds a key whose bytes compare like its values. */
class KeyBytes {
  #bytes = Buffer.allocUnsafeSlow(LEAST_BYTES)
  #length = 0

  clear(): void {
    this.#length = 0
  }

  /** Adds a text and a NUL, which no text contains. */
  addText(text: string): void {
    this.#reserve(3 * text.length + 1)
    this.#length += this.#bytes.write(text, this.#length)
    this.#bytes[this.#length++] = 0
  }

  addBytes(bytes: Buffer, from: number, to: number): void {
    this.#reserve(to - from + 1)
    this.#length += bytes.copy(this.#bytes, this.#length, from, to)
    this.#bytes[this.#length++] = 0
  }

  addWhole(value: number): void {
    this.#reserve(WHOLE)
    const high = Math.floor(value / WORD)
    this.#bytes.writeUInt32BE(high + WORD / 2, this.#length)
    this.#bytes.writeUInt32BE(value - high * WORD, this.#length + WHOLE / 2)
    this.#length += WHOLE
  }

  copy(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + bytes))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
