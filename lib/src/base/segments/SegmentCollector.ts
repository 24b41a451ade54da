import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type EncodedBatch,
  type Failure,
  type Position,
  QiError,
  type RecordType,
  type SegmentWriter,
  type TopicPartition,
  toQiError,
} from '../types/index.ts'
import type { SegmentArchive } from './archive.ts'
import type { SegmentFormat } from './formats/format.ts'
import { stemOf } from './names.ts'
import { Spool } from './Spool.ts'
import { type BatchRows, BatchSorter } from './scan/BatchSorter.ts'

/** A segment ends at the first of these bounds. */
export interface RollPolicy {
  readonly rows: number
  readonly bytes: number
  /** Time since its first record, in milliseconds. */
  readonly ageMs: number
}

export interface CollectorOptions {
  readonly archive: SegmentArchive
  readonly format: SegmentFormat
  readonly roll: RollPolicy
  /** A local folder for unsealed records; it is emptied first. */
  readonly scratch: string
}

/** Most bytes of memory for unwritten lines. */
const MOST_HELD = 8 << 20
/** Most folders at the same time: a backfill has a file for each of many days, and all are sealed together. */
const MOST_FOLDERS = 1000

interface Part {
  readonly type: RecordType
  readonly folder: string
  readonly spool: Spool
}

/** One partition since its last seal. */
interface Collected extends TopicPartition {
  readonly parts: Map<string, Part>
  /** The last offset in the stored segments of each folder that was used; null where there are none. */
  readonly reach: Map<string, bigint | null>
  /** The offset after all that was added; undefined once that is sealed. */
  next: bigint | undefined
  since: number
}

/**
 * Collects records by folder and seals them in segments, each record exactly once. A segment is named by its first offset, and the first
 * segment of a name stays. A writer that finds one continues after its last offset, and a writer that gets a partition first looks up the
 * last offset in each folder. So a writer that is killed, fenced or late duplicates and loses nothing, wherever segments end.
 */
export class SegmentCollector implements SegmentWriter {
  readonly #options: CollectorOptions
  readonly #partitions = new Map<string, Collected>()
  readonly #sorters = new Map<RecordType, BatchSorter>()
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
    const { failures, byFolder } = this.#sorter(type).sort(batch)
    for (const [folder, rows] of byFolder) {
      // Skips the records that a failed attempt has added already.
      const reach = partition.parts.get(folder)?.spool.last ?? (await this.#reach(partition, folder))
      const left = reach === null ? rows : after(batch, rows, reach)
      const [first] = left.indexes
      if (first === undefined) continue
      const part = partition.parts.get(folder) ?? this.#part(type, folder, batch.offset(first))
      partition.parts.set(folder, part)
      await part.spool.append(batch, left).catch(refused)
    }
    await this.#limitHeld().catch(refused)
    if (partition.next === undefined) partition.since = Date.now()
    partition.next = batch.nextOffset
    return failures
  }

  /** Writes all lines in memory to their files where those of all folders together are too many. */
  async #limitHeld(): Promise<void> {
    const spools = [...this.#partitions.values()].flatMap(({ parts }) => [...parts.values()].map(({ spool }) => spool))
    if (spools.reduce((sum, { held }) => sum + held, 0) <= MOST_HELD) return
    for (const spool of spools) await spool.release()
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
      // A file that cannot be removed now is removed with the folder of the lane.
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

  #sorter(type: RecordType): BatchSorter {
    const known = this.#sorters.get(type) ?? new BatchSorter(type)
    this.#sorters.set(type, known)
    return known
  }

  #part(type: RecordType, folder: string, first: bigint): Part {
    return { type, folder, spool: new Spool(join(this.#options.scratch, randomUUID()), first) }
  }

  async #reach(partition: Collected, folder: string): Promise<bigint | null> {
    const known = partition.reach.get(folder)
    if (known !== undefined) return known
    const found = (await this.#options.archive.reach(folder, partition)) ?? null
    partition.reach.set(folder, found)
    return found
  }

  /** @returns the last offset that is stored */
  async #seal({ topic, partition }: TopicPartition, { type, folder, spool }: Part): Promise<bigint> {
    const { archive, format, scratch } = this.#options
    const last = spool.last as bigint
    let kept = spool.offset(0) - 1n
    // Where another process has stored a segment of this name, the rest follows under the name of its own first offset.
    for (let skip = 0; skip < spool.rows; skip = spool.rowsUpTo(kept)) {
      const path = join(scratch, `${randomUUID()}.${format.extension}`)
      try {
        await format.write(type, spool.records(skip), path)
      } catch (error) {
        await rm(path, { force: true })
        throw onDisk(error)
      }
      kept = await archive.keep({ topic, partition, folder, first: spool.offset(skip), last, rows: spool.rows - skip, path })
    }
    return kept
  }
}

/** The rows after an offset. */
function after(batch: EncodedBatch, { indexes, rewritten }: BatchRows, offset: bigint): BatchRows {
  const last = Number(offset - batch.firstOffset)
  return { indexes: indexes.filter((index) => batch.offsetDelta(index) > last), rewritten }
}

const refused = (error: unknown): never => {
  throw onDisk(error)
}

const TEMPORARY: readonly string[] = ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY', 'ETIMEDOUT', 'ESTALE']

/** Classifies a failure of this machine's disk. A full disk is temporary. */
export function onDisk(error: unknown): QiError {
  if (error instanceof QiError) return error
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined && TEMPORARY.includes(code))
    return new QiError('UNAVAILABLE', `the disk cannot be written: ${(error as Error).message}`, { cause: error })
  return toQiError(error)
}
