import type { Micros, RecordType } from '../../../types/index.ts'
import { ScanSource } from './cursor.ts'
import { RowScanner } from './RowScanner.ts'
import { since2000 } from './time.ts'

/** Size of the field count, in front of the first field. */
const HEADER = 2

/**
 * Reads records of one type from their bytes, with the scanner that fills the tables, without an object per record. A record that it cannot
 * decide (escapes, long figures, errors) must be decoded: {@link RecordType.decode} reads or refuses it.
 */
export class RecordScan {
  readonly #scanner: RowScanner
  readonly #fields: number

  constructor(type: RecordType) {
    this.#fields = type.fields.length
    this.#scanner = new RowScanner(type, { name: type.name, fields: type.fields, key: type.key })
    this.#scanner.cursor.write(Buffer.allocUnsafeSlow(this.#scanner.rowBytes))
  }

  /** The last record as a binary COPY row: for each field four bytes of length (-1: no value) and the value. */
  get row(): Buffer {
    return this.#scanner.cursor.out
  }

  get view(): DataView {
    return this.#scanner.cursor.view
  }

  /** Sets the bytes to read from. */
  open(bytes: Uint8Array | ScanSource): void {
    this.#scanner.cursor.read(bytes instanceof ScanSource ? bytes : new ScanSource(bytes))
  }

  /** Records with a later time are left to the decoder. */
  until(latest: Micros): void {
    this.#scanner.latest = since2000(latest)
  }

  /** @returns false if the record must be decoded */
  read(start: number, end: number): boolean {
    this.#scanner.cursor.to = 0
    return this.#scanner.scan(start, end)
  }

  /** Writes the positions of the first fields of the last record (of their lengths) into `places`, as many as fit. */
  locate(places: Int32Array): void {
    const { view } = this.#scanner.cursor
    const count = Math.min(places.length, this.#fields)
    for (let field = 0, at = HEADER; field < count; field++) {
      places[field] = at
      at += 4 + Math.max(0, view.getInt32(at))
    }
  }
}
