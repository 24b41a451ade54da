import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'

/** A line without its newline, and its sort key. */
export interface Keyed {
  readonly key: Buffer
  readonly line: Buffer
}

export interface LineSorterOptions {
  /** An existing folder for lines that do not fit into memory. */
  readonly folder: string
  /** Chooses one of two lines with the same key; without it both stay. */
  readonly winner?: (a: Buffer, b: Buffer) => Buffer
  /** Most memory, in bytes. */
  readonly memory?: number
}

/** Sorting more at once would block the thread for too long. */
const MEMORY = 4 << 20
/** Approximate memory of an entry besides its bytes. */
const ENTRY_BYTES = 200
/** This many runs of one level are merged into one. */
const FAN_IN = 32
const READ_BYTES = 1 << 16
const WRITE_BYTES = 1 << 16
/** Two lengths of four bytes before key and line. */
const HEAD = 8

/** External merge sort: sorts any number of lines by their keys in bounded memory. Sorted runs are written to files and merged. */
export class LineSorter {
  readonly #options: LineSorterOptions
  readonly #memory: number
  #held: Keyed[] = []
  #bytes = 0
  /** Files of sorted lines, by how often they were merged. */
  readonly #runs: string[][] = []

  constructor(options: LineSorterOptions) {
    this.#options = options
    this.#memory = options.memory ?? MEMORY
  }

  /** Keeps both buffers, until {@link sorted} has returned them. @returns a promise where it must wait for the disk */
  add(key: Buffer, line: Buffer): Promise<void> | undefined {
    this.#held.push({ key, line })
    this.#bytes += key.length + line.length + ENTRY_BYTES
    return this.#bytes < this.#memory ? undefined : this.#spill()
  }

  /** All lines in order. Can be called once. */
  async *sorted(): AsyncGenerator<Keyed> {
    if (this.#runs.length === 0) {
      yield* this.#sortHeld()
      return
    }
    if (this.#held.length > 0) await this.#spill()
    yield* this.#merged(this.#runs.flat())
  }

  /** Removes all lines and files. */
  async remove(): Promise<void> {
    this.#held = []
    await Promise.all(this.#runs.flat().map((path) => rm(path, { force: true })))
    this.#runs.length = 0
  }

  #sortHeld(): Keyed[] {
    const all = this.#held.sort((a, b) => a.key.compare(b.key))
    this.#held = []
    this.#bytes = 0
    const { winner } = this.#options
    if (!winner) return all
    const left: Keyed[] = []
    for (const one of all) {
      const before = left.at(-1)
      if (before?.key.equals(one.key)) left[left.length - 1] = { key: one.key, line: winner(before.line, one.line) }
      else left.push(one)
    }
    return left
  }

  async #spill(): Promise<void> {
    await this.#write(0, this.#sortHeld())
    for (let level = 0; (this.#runs[level]?.length ?? 0) >= FAN_IN; level++) {
      const runs = this.#runs[level] as string[]
      await this.#write(level + 1, this.#merged(runs))
      this.#runs[level] = []
      await Promise.all(runs.map((path) => rm(path)))
    }
  }

  async #write(level: number, lines: Iterable<Keyed> | AsyncIterable<Keyed>): Promise<void> {
    const path = join(this.#options.folder, `${randomUUID()}.run`)
    this.#runs[level] ??= []
    this.#runs[level].push(path)
    await pipeline(Readable.from(framed(lines)), createWriteStream(path, { flags: 'wx' }))
  }

  async *#merged(paths: readonly string[]): AsyncGenerator<Keyed> {
    const { winner } = this.#options
    const runs: Run[] = []
    try {
      for (const path of paths) {
        const run = new Run(path)
        runs.push(run)
        await run.next()
      }
      const heap = new Heap(runs.filter(({ head }) => head))
      let last: Keyed | undefined
      for (let run = heap.first; run?.head; run = heap.first) {
        const one = run.head
        if (winner && last?.key.equals(one.key)) last = { key: one.key, line: winner(last.line, one.line) }
        else {
          if (last) yield last
          last = one
        }
        if (!run.step()) await run.next()
        heap.settle()
      }
      if (last) yield last
    } finally {
      for (const run of runs) run.close()
    }
  }
}

async function* framed(lines: Iterable<Keyed> | AsyncIterable<Keyed>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let bytes = 0
  for await (const { key, line } of lines) {
    const head = Buffer.allocUnsafe(HEAD)
    head.writeUInt32LE(key.length, 0)
    head.writeUInt32LE(line.length, 4)
    parts.push(head, key, line)
    bytes += HEAD + key.length + line.length
    if (bytes < WRITE_BYTES) continue
    yield Buffer.concat(parts)
    await setImmediate()
    parts = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(parts)
}

/** A file of sorted lines, read from front to back. */
class Run {
  readonly #stream: ReturnType<typeof createReadStream>
  readonly #chunks: AsyncIterator<Buffer>
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  /** The next line; undefined at the end. */
  head: Keyed | undefined

  constructor(path: string) {
    this.#stream = createReadStream(path, { highWaterMark: READ_BYTES })
    this.#chunks = this.#stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  /** Moves to the next line within the bytes in memory. @returns false where more must be read */
  step(): boolean {
    const left = this.#bytes.length - this.#at
    if (left < HEAD) return false
    const line = this.#at + HEAD + this.#bytes.readUInt32LE(this.#at)
    const end = line + this.#bytes.readUInt32LE(this.#at + 4)
    if (end > this.#bytes.length) return false
    this.head = { key: this.#bytes.subarray(this.#at + HEAD, line), line: this.#bytes.subarray(line, end) }
    this.#at = end
    return true
  }

  async next(): Promise<void> {
    while (!this.step()) {
      const { value, done } = await this.#chunks.next()
      if (done) {
        this.head = undefined
        return
      }
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), value])
      this.#at = 0
    }
  }

  close(): void {
    this.#stream.destroy()
  }
}

/** A binary heap of runs by their next lines. */
class Heap {
  readonly #runs: Run[]

  constructor(runs: Run[]) {
    this.#runs = runs.toSorted((a, b) => compare(a, b))
  }

  get first(): Run | undefined {
    return this.#runs[0]
  }

  /** Restores the order after the first run has moved to its next line. */
  settle(): void {
    const runs = this.#runs
    const moved = runs[0] as Run
    if (!moved.head) {
      const last = runs.pop() as Run
      if (runs.length === 0) return
      runs[0] = last
    }
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < runs.length && compare(runs[child] as Run, runs[least] as Run) < 0) least = child
      if (least === at) return
      const held = runs[at] as Run
      runs[at] = runs[least] as Run
      runs[least] = held
      at = least
    }
  }
}

const compare = (a: Run, b: Run): number => (a.head as Keyed).key.compare((b.head as Keyed).key)
