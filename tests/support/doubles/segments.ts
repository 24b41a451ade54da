import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import {
  defineSink,
  type EncodedBatch,
  type Failure,
  type Position,
  type RecordType,
  type SegmentSink,
  type SegmentWriter,
  type TopicPartition,
} from '../../../lib/src/base/index.ts'

/** A segment sink of files: a folder a coin, named by their first offset, never overwritten. */
export const segments = defineSink({
  name: 'segments',
  summary: 'Collects records in files that are written once',
  config: z.object({
    folder: z.string().min(1).describe('where the files lie; a relative folder lies in the data folder'),
    rows: z.int().min(1).default(1000).describe('a file ends after so many records'),
    age_ms: z.int().min(1).default(1000).describe('a file ends after so long'),
  }),
  open: async ({ folder, rows, age_ms: ageMs }, { name, home }): Promise<SegmentSink> => {
    const root = isAbsolute(folder) ? folder : join(home, folder)
    await mkdir(root, { recursive: true })
    return {
      name,
      delivery: 'exactly_once',
      accepts: () => true,
      openLane: async () => new Segments(root, rows, ageMs),
      check: async () => ({ ok: true, summary: 'the folder is there' }),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }
  },
})

interface Row {
  readonly offset: bigint
  readonly line: string
}

interface Collected extends TopicPartition {
  readonly rows: Map<string, Row[]>
  /** The last offset that files of the folder hold of this partition. */
  readonly reach: Map<string, bigint>
  next: bigint
  sealed: boolean
}

const stem = ({ topic, partition }: TopicPartition): string => `${topic}+${partition}+`
const offsetOf = (line: string): bigint => BigInt((JSON.parse(line) as { readonly offset: string }).offset)

class Segments implements SegmentWriter {
  readonly #root: string
  readonly #most: number
  readonly #ageMs: number
  readonly #parts = new Map<string, Collected>()
  #count = 0
  #since: number | undefined

  constructor(root: string, most: number, ageMs: number) {
    this.#root = root
    this.#most = most
    this.#ageMs = ageMs
  }

  async add(type: RecordType, batch: EncodedBatch): Promise<readonly Failure[]> {
    const part = this.#parts.get(stem(batch)) ?? (await this.#load(batch))
    const failures: Failure[] = []
    for (const { index, record, error } of batch.decode(type)) {
      if (error) failures.push({ index, error })
      else {
        const offset = batch.offset(index)
        const folder = String(record.coinId ?? 'none')
        if (offset <= (part.reach.get(folder) ?? -1n)) continue
        const rows = part.rows.get(folder) ?? []
        part.rows.set(folder, rows)
        rows.push({ offset, line: `{"offset":"${offset}","record":${Buffer.from(batch.value(index)).toString()}}` })
        this.#count++
      }
    }
    part.next = batch.nextOffset
    part.sealed = false
    this.#since ??= Date.now()
    return failures
  }

  due(now: number): 'rows' | 'age' | undefined {
    if (this.#since === undefined) return undefined
    if (this.#count >= this.#most) return 'rows'
    return now - this.#since >= this.#ageMs ? 'age' : undefined
  }

  async seal(): Promise<readonly Position[]> {
    const done: Position[] = []
    for (const part of this.#parts.values()) {
      if (part.sealed) continue
      for (const [folder, rows] of part.rows) {
        await this.#claim(part, folder, rows)
        part.rows.delete(folder)
      }
      part.sealed = true
      done.push({ topic: part.topic, partition: part.partition, offset: part.next })
    }
    this.#recount()
    return done
  }

  drop(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#parts.delete(stem(partition))
    this.#recount()
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** The first writer of a name wins; what it holds is taken over, and the rest follows under the next name. */
  async #claim(part: Collected, folder: string, rows: readonly Row[]): Promise<void> {
    const path = join(this.#root, folder)
    await mkdir(path, { recursive: true })
    let rest = rows
    while (rest.length > 0) {
      const file = join(path, `${stem(part)}${String(rest[0]?.offset).padStart(20, '0')}.ndjson`)
      const last = (await create(path, file, rest)) ? (rest.at(-1) as Row).offset : await lastOf(file)
      part.reach.set(folder, last)
      rest = rest.filter(({ offset }) => offset > last)
    }
  }

  /** How far the files of each folder reach, read when a partition comes, is what makes repeats harmless. */
  async #load({ topic, partition }: TopicPartition): Promise<Collected> {
    const part: Collected = { topic, partition, rows: new Map(), reach: new Map(), next: 0n, sealed: true }
    for (const folder of await readdir(this.#root)) {
      const files = (await readdir(join(this.#root, folder))).filter((file) => file.startsWith(stem(part))).sort()
      const newest = files.at(-1)
      if (newest !== undefined) part.reach.set(folder, await lastOf(join(this.#root, folder, newest)))
    }
    this.#parts.set(stem(part), part)
    return part
  }

  #recount(): void {
    const open = [...this.#parts.values()].filter(({ sealed }) => !sealed)
    this.#count = open.reduce((sum, { rows }) => sum + [...rows.values()].reduce((count, of) => count + of.length, 0), 0)
    if (open.length === 0) this.#since = undefined
  }
}

/** @returns false where there is a file of that name */
async function create(folder: string, file: string, rows: readonly Row[]): Promise<boolean> {
  const temporary = join(folder, `.${randomUUID()}`)
  const handle = await open(temporary, 'wx')
  try {
    await handle.writeFile(`${rows.map(({ line }) => line).join('\n')}\n`)
    await handle.sync()
    await link(temporary, file)
    const directory = await open(folder)
    await directory.sync().finally(() => directory.close())
    return true
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'EEXIST') return false
    throw error
  } finally {
    await handle.close()
    await rm(temporary, { force: true })
  }
}

const linesOf = async (file: string): Promise<string[]> => (await readFile(file, 'utf8')).trimEnd().split('\n')

const lastOf = async (file: string): Promise<bigint> => offsetOf((await linesOf(file)).at(-1) as string)

/** Every record in the files of a folder of segments. */
export async function recordsIn(root: string): Promise<Record<string, unknown>[]> {
  const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ndjson'))
  const lines = (await Promise.all(files.map((file) => linesOf(join(root, file))))).flat()
  return lines.map((line) => (JSON.parse(line) as { readonly record: Record<string, unknown> }).record)
}
