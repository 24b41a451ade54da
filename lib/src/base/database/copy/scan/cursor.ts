/** The bytes of JSON that matter to a scanner. */
export const QUOTE = 0x22
export const COMMA = 0x2c
export const MINUS = 0x2d
export const POINT = 0x2e
export const ZERO = 0x30
export const COLON = 0x3a
export const OPEN = 0x7b
export const CLOSE = 0x7d

/**
 * Where a scan stands: a place in the JSON that is read, and one in the row that is written. One object serves for any number of
 * records, so that a record costs no allocation.
 *
 * The functions that scan a value take the cursor at its first byte (after the opening quote, if it has one) and leave it after
 * its last; they write the COPY field, its four bytes of length first. They answer false for whatever is not plainly right, and
 * the record is then read the slow way, which decides; where the cursor is left does not matter then. None looks where the value
 * or the target ends: each reads on only while the bytes are right, and whoever calls checks the end and reserves room.
 */
export class ScanCursor {
  bytes: Uint8Array
  /** Of the same memory as `bytes`. */
  input: DataView
  at = 0
  out: Buffer
  /** Of the same memory as `out`. */
  view: DataView
  to = 0

  constructor(capacity: number) {
    this.bytes = new Uint8Array(0)
    this.input = viewOf(this.bytes)
    this.out = Buffer.allocUnsafeSlow(capacity)
    this.view = viewOf(this.out)
  }

  read(bytes: Uint8Array): void {
    this.bytes = bytes
    this.input = viewOf(bytes)
  }

  /** Grows the target until so many bytes fit after `to`; what was written stays. */
  reserve(bytes: number): void {
    if (this.to + bytes <= this.out.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.out.length * 2, this.to + bytes))
    this.out.copy(larger, 0, 0, this.to)
    this.out = larger
    this.view = viewOf(larger)
  }

  skipSpace(): void {
    const { bytes } = this
    let byte = bytes[this.at] as number
    while (byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) byte = bytes[++this.at] as number
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
