import { setTimeout as delay } from 'node:timers/promises'
import { describeDamage, type EncodedBatch, type Logger, PausedPartitions, type QiError, toQiError } from '../../base/index.ts'
import { type CheckedRun, endOf, type Releasable, readRuns, SharedMemory } from '../../base/types/wire/index.ts'
import type { Appended } from './appended.ts'
import { Changed } from './changed.ts'
import type { Connections } from './connections.ts'
import { fetchAround, isCorrupted } from './corrupted.ts'
import type { Cursor, FetchEnd } from './cursor.ts'
import { type Fetched, fetchChunks } from './fetch.ts'

/** Most bytes fetched ahead by one reader, over all its partitions. */
const AHEAD_BYTES = 8 * 1024 * 1024
/** Notices wake a reader; this only bounds what a lost one costs. */
const POLL_MS = 1000
/** Chunks much smaller than this are fetched together even for small batches: a round trip costs as much as 64 KiB. */
const FETCH_BYTES = 64 * 1024
const FIRST_WAIT_MS = 50

interface Found {
  readonly bytes: Buffer
  readonly runs: readonly CheckedRun[]
  readonly from: bigint
  readonly memory?: Releasable
}

export interface ReaderOptions {
  readonly connections: Connections
  readonly logger: Logger
  readonly maxBytes: number
}

/**
 * Reads the partitions of its cursors in turn, fetching the next batches while the last is worked on. A database that is away is
 * waited for; the place is kept.
 */
export class Reader {
  readonly #options: ReaderOptions
  readonly paused = new PausedPartitions()
  readonly #changed = new Changed()
  readonly #closed = new AbortController()
  readonly #poll: NodeJS.Timeout
  readonly #origin = new WeakMap<EncodedBatch, Cursor>()
  #cursors: readonly Cursor[] = []
  #turn = 0
  #fetching = false
  #failure: QiError | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#poll = setInterval(() => {
      this.notice()
      this.#changed.fire()
    }, POLL_MS)
  }

  get cursors(): readonly Cursor[] {
    return this.#cursors
  }

  /** That of a batch which was taken. */
  cursorOf(batch: EncodedBatch): Cursor | undefined {
    return this.#origin.get(batch)
  }

  add(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) if (this.paused.has(cursor.partition)) cursor.rewind()
    this.#cursors = [...this.#cursors, ...cursors]
    // A place that is held again after a lost session brings what was fetched ahead of it: then no fetch follows that would wake anybody.
    this.touch()
  }

  remove(cursors: readonly Cursor[]): void {
    this.#cursors = this.#cursors.filter((cursor) => !cursors.includes(cursor))
    this.#changed.fire()
  }

  /** New messages may be there: in some topics, by id, or anywhere; these ones, where they were appended in this client. */
  notice(topics?: readonly number[], appended?: ReadonlyMap<number, Appended>): void {
    for (const cursor of this.#cursors) {
      if (topics && !topics.includes(cursor.partition.topicId)) continue
      const brought = appended?.get(cursor.partition.id)
      if (!appended) cursor.notice()
      else if (brought) this.#offer(cursor, brought)
    }
    if (appended) this.#changed.fire()
    this.#pump()
  }

  #offer(cursor: Cursor, appended: Appended): void {
    if (this.paused.has(cursor.partition) || this.#ahead() >= AHEAD_BYTES) cursor.notice()
    else cursor.offer(appended, (from) => this.#batches(cursor, { bytes: appended.bytes, runs: [appended.run], from }))
  }

  /** Bytes that are there and not yet taken. */
  #ahead(): number {
    return this.#cursors.reduce((sum, cursor) => sum + cursor.ready.reduce((bytes, batch) => bytes + batch.bytes.length, 0), 0)
  }

  /** Looks again at what may have changed in the cursors. */
  touch(): void {
    this.#changed.fire()
    this.#pump()
  }

  fail(error: QiError): void {
    this.#failure = error
    this.#changed.fire()
  }

  /**
   * The next batch; undefined after close(), or when every cursor has reached its end.
   * @throws QiError what waiting does not mend
   */
  async next(): Promise<EncodedBatch | undefined> {
    for (;;) {
      if (this.#closed.signal.aborted) return undefined
      const batch = this.#take()
      if (batch) {
        this.#pump()
        return batch
      }
      if (this.#failure) throw this.#failure
      if (this.#cursors.length > 0 && this.#cursors.every((cursor) => cursor.done)) return undefined
      const changed = this.#changed.wait()
      this.#pump()
      await changed
    }
  }

  #take(): EncodedBatch | undefined {
    const cursors = this.#cursors
    for (let i = 0; i < cursors.length; i++) {
      const at = (this.#turn + i) % cursors.length
      const cursor = cursors[at] as Cursor
      const batch = this.paused.has(cursor.partition) ? undefined : cursor.take()
      if (!batch) continue
      this.#turn = at + 1
      this.#origin.set(batch, cursor)
      return batch
    }
    return undefined
  }

  #pump(): void {
    if (this.#fetching || this.#closed.signal.aborted || this.#failure) return
    const cursors = this.#cursors
    const rotated = cursors.map((_, i) => cursors[(this.#turn + i) % cursors.length] as Cursor)
    const hungry = rotated.filter((cursor) => cursor.hungry && !this.paused.has(cursor.partition))
    const ahead = this.#ahead()
    if (hungry.length === 0 || ahead >= AHEAD_BYTES) return
    this.#fetching = true
    void this.#fetch(hungry, AHEAD_BYTES - ahead).then(() => {
      this.#fetching = false
      this.#changed.fire()
      this.#pump()
    })
  }

  async #fetch(cursors: readonly Cursor[], totalBytes: number): Promise<void> {
    const requests = cursors.map((cursor) => ({ id: cursor.partition.id, offset: cursor.position }))
    const finish = cursors.map((cursor) => cursor.fetching())
    const partitionBytes = Math.max(this.#options.maxBytes, FETCH_BYTES)
    for (let wait = FIRST_WAIT_MS; !this.#closed.signal.aborted; wait = Math.min(wait * 2, 1000)) {
      try {
        const limits = { partitionBytes, totalBytes }
        const { connections } = this.#options
        const found = await connections
          .run((client) => fetchChunks(client, requests, limits))
          .catch((error: unknown) => (isCorrupted(error) ? fetchAround(connections, requests) : Promise.reject(error)))
        cursors.forEach((cursor, i) => {
          const meanwhile = (finish[i] as FetchEnd)(...this.#decode(cursor, requests[i]?.offset as bigint, found[i]))
          for (const appended of meanwhile) this.#offer(cursor, appended)
        })
        return
      } catch (error) {
        const failure = toQiError(error)
        if (!failure.retryable) {
          if (!this.#closed.signal.aborted) this.fail(failure)
          return
        }
        if (wait === FIRST_WAIT_MS) this.#options.logger.warn({ err: failure }, 'reading the log failed; trying until it works')
        await delay(wait, undefined, { signal: this.#closed.signal }).catch(() => {})
      }
    }
  }

  /** Batches, where to read on, and whether there was more. */
  #decode(cursor: Cursor, from: bigint, found: Fetched | undefined): Parameters<FetchEnd> {
    const first = found?.runs[0]
    const last = found?.runs.at(-1)
    // Nothing before `until`, which was there when the reader began: it has been dropped, or belongs to a chunk cut short.
    if (!found || !first || !last) return [[], cursor.until ?? from, false]
    const { topic, partition } = cursor.partition
    if (first.baseOffset > from)
      this.#options.logger.warn(
        { topic, partition, from: String(from), to: String(first.baseOffset) },
        'messages were dropped by retention before they were read; reading goes on after them',
      )
    return [
      this.#batches(cursor, { bytes: found.bytes, runs: found.runs, from, memory: new SharedMemory([found.bytes], 1) }),
      endOf(last),
      found.more,
    ]
  }

  #batches({ partition: { topic, partition }, until }: Cursor, found: Found): EncodedBatch[] {
    const { maxBytes, logger } = this.#options
    const batches = readRuns({ topic, partition, ...found, maxBytes, ...(until === undefined ? {} : { until }) })
    for (const batch of batches)
      if (batch.damage) logger.error({ topic, partition }, `${describeDamage(batch)}; reading goes on behind it`)
    return batches
  }

  close(): void {
    clearInterval(this.#poll)
    this.#closed.abort()
    this.#changed.fire()
  }
}
