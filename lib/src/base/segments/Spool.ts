import { constants, createReadStream, createWriteStream } from 'node:fs'
import { copyFile, link, open, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { EncodedBatch } from '../types/index.ts'
import { type SegmentRecords, synced } from './formats/format.ts'
import type { BatchRows } from './scan/BatchSorter.ts'

const NEWLINE = 10
const NOTHING = Buffer.alloc(0)
const LEAST_BYTES = 1 << 14
/** Bytes that are written to the file at once. */
const FLUSH_BYTES = 1 << 20
const CHUNK_BYTES = 1 << 18
/** Errors of file systems without hard links, where files are copied instead. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']

/** Unsealed records of one folder as lines, in memory first and then in a file, with the offset of each. */
export class Spool {
  readonly #first: bigint
  readonly #base: string
  #path: string
  #copies = 0
  /** True if the file is also linked as a segment, and must not change. */
  #shared = false
  /** Offsets less the first. */
  #deltas = new Float64Array(1024)
  #rows = 0
  #inFile = 0
  #pending = NOTHING
  #pendingBytes = 0

  /** @param path of its file; copies have a number appended */
  constructor(path: string, first: bigint) {
    this.#base = path
    this.#path = path
    this.#first = first
  }

  get rows(): number {
    return this.#rows
  }

  get bytes(): number {
    return this.#inFile + this.#pendingBytes
  }

  /** Bytes of memory for lines. */
  get held(): number {
    return this.#pending.length
  }

  /** The offset of a row. */
  offset(row: number): bigint {
    return this.#first + BigInt(this.#deltas[row] as number)
  }

  /** The offset of the last row; undefined where there are no rows. */
  get last(): bigint | undefined {
    return this.#rows === 0 ? undefined : this.offset(this.#rows - 1)
  }

  /** The number of rows up to this offset. */
  rowsUpTo(offset: bigint): number {
    let [low, high] = [0, this.#rows]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.offset(middle) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Adds all or nothing. */
  async append(batch: EncodedBatch, { indexes, rewritten }: BatchRows): Promise<void> {
    const { spans } = batch
    let bytes = indexes.length
    for (const i of indexes) bytes += rewritten.get(i)?.length ?? (spans[2 * i + 1] as number) - (spans[2 * i] as number)
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > FLUSH_BYTES) await this.flush()
    this.#reserve(bytes, indexes.length)
    const source = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length)
    const before = Number(batch.firstOffset - this.#first)
    for (const i of indexes) {
      const line = rewritten.get(i)
      this.#pendingBytes += line
        ? line.length
        : source.copy(this.#pending, this.#pendingBytes, spans[2 * i] as number, spans[2 * i + 1] as number)
      if (line) this.#pending.set(line, this.#pendingBytes - line.length)
      this.#pending[this.#pendingBytes++] = NEWLINE
      this.#deltas[this.#rows++] = before + batch.offsetDelta(i)
    }
  }

  /** Writes the lines in memory to the file. */
  async flush(): Promise<void> {
    if (this.#pendingBytes === 0) return
    await this.#own()
    const file = await open(this.#path, this.#inFile === 0 ? 'w' : 'r+')
    try {
      // Overwrites the rest of a failed attempt.
      for (let sent = 0; sent < this.#pendingBytes; )
        sent += (await file.write(this.#pending, sent, this.#pendingBytes - sent, this.#inFile + sent)).bytesWritten
    } catch (error) {
      // The lines are written again later; until then they must not take space on a full disk.
      await file.truncate(this.#inFile).catch(() => {})
      throw error
    } finally {
      await file.close()
    }
    this.#inFile += this.#pendingBytes
    this.#pendingBytes = 0
  }

  /** Writes the lines in memory to the file, and frees the memory. */
  async release(): Promise<void> {
    await this.flush()
    this.#pending = NOTHING
  }

  /** The lines after the first `skip`. */
  records(skip = 0): SegmentRecords {
    return {
      rows: this.#rows - skip,
      pieces: () => this.#pieces(skip),
      store: (path) => (skip === 0 ? this.#link(path) : this.#copy(skip, path)),
    }
  }

  async remove(): Promise<void> {
    this.#pending = NOTHING
    this.#pendingBytes = 0
    await rm(this.#path, { force: true })
  }

  async *#pieces(skip: number): AsyncGenerator<Buffer> {
    let left = skip
    let begun: Buffer = NOTHING
    for await (const chunk of this.#chunks()) {
      const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk])
      let from = 0
      for (let end = left > 0 ? bytes.indexOf(NEWLINE) : -1; end >= 0; end = left > 0 ? bytes.indexOf(NEWLINE, from) : -1) {
        from = end + 1
        left--
      }
      const end = Math.max(from, bytes.lastIndexOf(NEWLINE) + 1)
      if (left === 0 && end > from) yield bytes.subarray(from, end)
      begun = bytes.subarray(end)
    }
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    if (this.#inFile > 0) yield* createReadStream(this.#path, { end: this.#inFile - 1, highWaterMark: CHUNK_BYTES })
    if (this.#pendingBytes > 0) yield this.#pending.subarray(0, this.#pendingBytes)
  }

  /** Links the file under another name. */
  async #link(path: string): Promise<void> {
    await this.flush()
    await synced(this.#path)
    try {
      this.#shared = true
      await link(this.#path, path)
    } catch (error) {
      if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      await copyFile(this.#path, path, constants.COPYFILE_EXCL)
      await synced(path)
    }
  }

  async #copy(skip: number, path: string): Promise<void> {
    await pipeline(Readable.from(this.#pieces(skip)), createWriteStream(path, { flags: 'wx' }))
    await synced(path)
  }

  /** Continues in a copy where the file is also linked as a segment. */
  async #own(): Promise<void> {
    if (!this.#shared) return
    const copy = `${this.#base}.${++this.#copies}`
    await copyFile(this.#path, copy)
    await rm(this.#path)
    this.#path = copy
    this.#shared = false
  }

  #reserve(bytes: number, rows: number): void {
    const needed = this.#pendingBytes + bytes
    if (needed > this.#pending.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(needed))))
      this.#pending.copy(larger, 0, 0, this.#pendingBytes)
      this.#pending = larger
    }
    if (this.#rows + rows > this.#deltas.length) {
      const larger = new Float64Array(2 * (this.#rows + rows))
      larger.set(this.#deltas)
      this.#deltas = larger
    }
  }
}
