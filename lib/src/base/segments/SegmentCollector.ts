import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type EncodedBatch,
  type Failure,
  type Micros,
  type Position,
  QiError,
  type RecordType,
  type SegmentWriter,
  type TopicPartition,
  toQiError,
} from '../types/index.ts'
import type { SegmentArchive } from './archive.ts'
import type { SegmentFormat } from './formats/format.ts'
import { folderOf, stemOf } from './names.ts'
import { Spool } from './Spool.ts'

/** When a segment ends: at the first of these. */
export interface RollPolicy {
  readonly rows: number
  readonly bytes: number
  /** Of its first record, in milliseconds. */
  readonly ageMs: number
}

export interface CollectorOptions {
  readonly archive: SegmentArchive
  readonly format: SegmentFormat
  readonly roll: RollPolicy
  /** A folder of this machine for what is not sealed yet; what an earlier lane has left there is removed. */
  readonly scratch: string
}

/** A backfill touches many days; each is a file of its own, and all are sealed together. */
const MOST_FOLDERS = 1000

interface Part {
  readonly type: RecordType
  readonly folder: string
  readonly spool: Spool
}

/** One partition since its last seal. */
interface Collected extends TopicPartition {
  readonly parts: Map<string, Part>
  /** The last offset that segments of a folder hold; null where there are none. Known of the folders that were met. */
  readonly reach: Map<string, bigint | null>
  /** Behind all that was added; undefined once that is sealed. */
  next: bigint | undefined
  since: number
}

/**
 * Collects records by folder and seals them in segments, each exactly once: a segment is named by its first offset and the first of a
 * name stays. A writer that finds one takes over how far it reaches, and one that comes to a partition looks how far each folder
 * reaches before it adds to it. So whoever is killed, fenced or late leaves nothing twice and nothing out, whenever segments end.
 */
export class SegmentCollector implements SegmentWriter {
  readonly #options: CollectorOptions
  readonly #partitions = new Map<string, Collected>()
  #prepared: Promise<unknown> | undefined

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  async add(type: RecordType, batch: EncodedBatch): Promise<readonly Failure[]> {
    this.#prepared ??= this.#prepare()
    await this.#prepared.catch((error: unknown) => {
      this.#prepared = undefined
      throw onDisk(error)
    })
    const partition = this.#partition(batch)
    const failures: Failure[] = []
    const added = new Map<string, { readonly lines: Uint8Array[]; readonly offsets: bigint[] }>()
    for (const { index, record, error } of batch.decode(type)) {
      if (error) {
        failures.push({ index, error })
        continue
      }
      const folder = folderOf(type.name, String(record.source), record.time as Micros)
      const offset = batch.offset(index)
      // What a failed attempt to add this batch has added already stays.
      const reach = partition.parts.get(folder)?.spool.last ?? (await this.#reach(partition, folder))
      if (reach !== null && offset <= reach) continue
      const some = added.get(folder) ?? { lines: [], offsets: [] }
      added.set(folder, some)
      some.lines.push(line(type, batch, index))
      some.offsets.push(offset)
    }
    for (const [folder, { lines, offsets }] of added) {
      const part = partition.parts.get(folder) ?? this.#part(type, folder, offsets[0] as bigint)
      await part.spool.append(lines, offsets).catch(async (error: unknown) => {
        // On a full disk each attempt would leave another file.
        if (part.spool.rows === 0) await part.spool.remove().catch(() => {})
        throw onDisk(error)
      })
      partition.parts.set(folder, part)
    }
    if (partition.next === undefined) partition.since = Date.now()
    partition.next = batch.nextOffset
    return failures
  }

  due(now: number): 'rows' | 'bytes' | 'age' | undefined {
    const { rows: mostRows, bytes: mostBytes, ageMs } = this.#options.roll
    let [rows, bytes, folders, since] = [0, 0, 0, Number.POSITIVE_INFINITY]
    for (const partition of this.#partitions.values()) {
      if (partition.next === undefined) continue
      since = Math.min(since, partition.since)
      for (const { spool } of partition.parts.values()) {
        rows += spool.rows
        bytes += spool.bytes
        folders++
      }
    }
    if (rows >= mostRows || folders >= MOST_FOLDERS) return 'rows'
    if (bytes >= mostBytes) return 'bytes'
    return now - since >= ageMs ? 'age' : undefined
  }

  async seal(signal: AbortSignal): Promise<readonly Position[]> {
    const done: Position[] = []
    for (const partition of this.#partitions.values()) {
      if (partition.next === undefined) continue
      for (const part of partition.parts.values()) {
        signal.throwIfAborted()
        partition.reach.set(part.folder, await this.#seal(partition, part))
        partition.parts.delete(part.folder)
        await part.spool.remove()
      }
      done.push({ topic: partition.topic, partition: partition.partition, offset: partition.next })
      partition.next = undefined
    }
    return done
  }

  drop(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) {
      const partition = this.#partitions.get(stemOf(one))
      // The files go with the folder of the lane, if they cannot go now.
      for (const { spool } of partition?.parts.values() ?? []) spool.remove().catch(() => {})
      this.#partitions.delete(stemOf(one))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#partitions.clear()
    await rm(this.#options.scratch, { recursive: true, force: true }).catch(() => {})
  }

  async #prepare(): Promise<void> {
    await rm(this.#options.scratch, { recursive: true, force: true })
    await mkdir(this.#options.scratch, { recursive: true })
  }

  #partition(batch: EncodedBatch): Collected {
    const { topic, partition } = batch
    const key = stemOf(batch)
    const known = this.#partitions.get(key)
    if (known) return known
    const made = { topic, partition, parts: new Map(), reach: new Map(), next: undefined, since: 0 }
    this.#partitions.set(key, made)
    return made
  }

  #part(type: RecordType, folder: string, first: bigint): Part {
    return { type, folder, spool: new Spool(join(this.#options.scratch, `${randomUUID()}.ndjson`), first, Date.now()) }
  }

  async #reach(partition: Collected, folder: string): Promise<bigint | null> {
    const known = partition.reach.get(folder)
    if (known !== undefined) return known
    const found = (await this.#options.archive.reach(folder, partition)) ?? null
    partition.reach.set(folder, found)
    return found
  }

  /** @returns the last offset that is kept */
  async #seal({ topic, partition }: TopicPartition, { type, folder, spool }: Part): Promise<bigint> {
    const { archive, format, scratch } = this.#options
    const last = spool.last as bigint
    let kept = spool.offset(0) - 1n
    // Where another has kept a segment of this name, the rest follows under the next one.
    for (let skip = 0; skip < spool.rows; skip = spool.rowsUpTo(kept)) {
      const path = join(scratch, `${randomUUID()}.${format.extension}`)
      try {
        await format.write(type, spool.lines(skip), path)
      } catch (error) {
        await rm(path, { force: true })
        throw onDisk(error)
      }
      kept = await archive.keep({ topic, partition, folder, first: spool.offset(skip), last, rows: spool.rows - skip, path })
    }
    return kept
  }
}

/** A record is one line as it came; one that was written over several lines is written anew. */
function line(type: RecordType, batch: EncodedBatch, index: number): Uint8Array {
  const value = batch.value(index)
  return value.includes(10) ? Buffer.from(JSON.stringify(type.toWire(type.decode(value), value))) : value
}

const PASSES: readonly string[] = ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY', 'ETIMEDOUT', 'ESTALE']

/** A failure of this machine's disk; a full one may be emptied. */
export function onDisk(error: unknown): QiError {
  if (error instanceof QiError) return error
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined && PASSES.includes(code))
    return new QiError('UNAVAILABLE', `the disk does not take it: ${(error as Error).message}`, { cause: error })
  return toQiError(error)
}
