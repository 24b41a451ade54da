/** Bytes of JSON syntax. */
export const QUOTE = 0x22
export const COMMA = 0x2c
export const MINUS = 0x2d
export const POINT = 0x2e
export const ZERO = 0x30
export const COLON = 0x3a
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const OPEN = 0x7b
export const CLOSE = 0x7d

/**
 * Position of a scan: in the JSON that is read, and in the row that is written. One object serves any number of records, so a record costs
 * no allocation.
 *
 * A scan function gets the cursor at the first byte of a value (after the opening quote, if any), leaves it after the last one, and writes
 * the COPY field with its four bytes of length. It returns false if the value is not plainly valid; the record then goes the slow way, and
 * the cursor's position does not matter. Scan functions do not check the ends of input and output: they stop at the first unexpected byte,
 * and the caller checks the end and reserves room.
 */
export class ScanCursor {
  bytes: Uint8Array
  /** View of `bytes`. */
  input: DataView
  at = 0
  out: Buffer = Buffer.alloc(0)
  /** View of `out`. */
  view: DataView = viewOf(this.out)
  to = 0
  /** Latest time in the current record, in microseconds since 2000. */
  latest = Number.NEGATIVE_INFINITY
  /** The last date: its bytes as three words, and its days since 2000. */
  readonly date = { a: 0, b: 0, c: 0, days: 0 }

  constructor() {
    const nothing = new ScanSource(new Uint8Array(0))
    this.bytes = nothing.bytes
    this.input = nothing.view
  }

  /** Sets the input. */
  read({ bytes, view }: ScanSource): void {
    this.bytes = bytes
    this.input = view
  }

  /** Sets the output. */
  write(out: Buffer, to = 0): void {
    this.out = out
    this.view = viewOf(out)
    this.to = to
  }

  /** Grows the output, keeping its content, until so many bytes fit after `to`. */
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

/** Input bytes, with a view that is made once. */
export class ScanSource {
  readonly bytes: Uint8Array
  readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = viewOf(bytes)
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
