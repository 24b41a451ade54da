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
  out: Buffer = Buffer.alloc(0)
  /** Of the same memory as `out`. */
  view: DataView = viewOf(this.out)
  to = 0
  /** The latest time of the record that is read, in microseconds since 2000. */
  latest = Number.NEGATIVE_INFINITY
  /** The date read last: its bytes as three words, and what they are. */
  readonly date = { a: 0, b: 0, c: 0, days: 0 }

  constructor() {
    const nothing = new ScanSource(new Uint8Array(0))
    this.bytes = nothing.bytes
    this.input = nothing.view
  }

  /** Reads from there on. */
  read({ bytes, view }: ScanSource): void {
    this.bytes = bytes
    this.input = view
  }

  /** Writes into the buffer from there on. */
  write(out: Buffer, to = 0): void {
    this.out = out
    this.view = viewOf(out)
    this.to = to
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

/** Bytes to read, and a view of them made once. */
export class ScanSource {
  readonly bytes: Uint8Array
  readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = viewOf(bytes)
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
