import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'

const NEWLINE = Buffer.from('\n')

/** Records of one folder that are not sealed yet, as lines of a file; of each its offset is known. */
export class Spool {
  readonly path: string
  /** When the first came, in milliseconds since 1970. */
  readonly since: number
  readonly #first: bigint
  /** Offsets less the first. */
  #deltas = new Float64Array(1024)
  #rows = 0
  #bytes = 0

  constructor(path: string, first: bigint, since: number) {
    this.path = path
    this.since = since
    this.#first = first
  }

  get rows(): number {
    return this.#rows
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The offset of a row. */
  offset(row: number): bigint {
    return this.#first + BigInt(this.#deltas[row] as number)
  }

  /** Undefined where it has none. */
  get last(): bigint | undefined {
    return this.#rows === 0 ? undefined : this.offset(this.#rows - 1)
  }

  /** How many of its rows have an offset up to this one. */
  rowsUpTo(offset: bigint): number {
    let [low, high] = [0, this.#rows]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.offset(middle) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Adds all or nothing. @param lines without their ends, in the order of their offsets */
  async append(lines: readonly Uint8Array[], offsets: readonly bigint[]): Promise<void> {
    const bytes = Buffer.concat(lines.flatMap((line) => [line, NEWLINE]))
    const file = await open(this.path, this.#bytes === 0 ? 'w' : 'r+')
    try {
      // What an attempt that failed has left is written over.
      for (let sent = 0; sent < bytes.length; )
        sent += (await file.write(bytes, sent, bytes.length - sent, this.#bytes + sent)).bytesWritten
    } finally {
      await file.close()
    }
    if (this.#rows + offsets.length > this.#deltas.length) {
      const larger = new Float64Array(2 * (this.#rows + offsets.length))
      larger.set(this.#deltas)
      this.#deltas = larger
    }
    for (const offset of offsets) this.#deltas[this.#rows++] = Number(offset - this.#first)
    this.#bytes += bytes.length
  }

  /** Its lines without their ends, some at a time, but for the first so many. */
  async *lines(skip = 0): AsyncGenerator<readonly Buffer[]> {
    let left = skip
    let begun: Buffer = Buffer.alloc(0)
    for await (const chunk of createReadStream(this.path, { end: Math.max(0, this.#bytes - 1), highWaterMark: 256 * 1024 })) {
      const bytes: Buffer = begun.length === 0 ? (chunk as Buffer) : Buffer.concat([begun, chunk as Buffer])
      const lines: Buffer[] = []
      let from = 0
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        if (left > 0) left--
        else lines.push(bytes.subarray(from, end))
        from = end + 1
      }
      begun = bytes.subarray(from)
      if (lines.length > 0) yield lines
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true })
  }
}
