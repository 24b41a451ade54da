import { setTimeout as delay } from 'node:timers/promises'
import {
  describeDamage,
  type EncodedBatch,
  type Logger,
  PausedPartitions,
  type QiError,
  toQiError,
} from '../../../base/types/index.ts'
import { type CheckedRun, endOf, type Releasable, readRuns, SharedMemory } from '../../../base/types/wire/index.ts'
import type { Appended } from '../append/appended.ts'
import type { Connections } from '../Connections.ts'
import { Signal } from '../Signal.ts'
import type { Cursor, FetchEnd } from './Cursor.ts'
import { fetchOneByOne, isCorrupted } from './corruption.ts'
import { type Fetched, fetchChunks } from './fetchChunks.ts'

/** Most bytes held ahead by one reader, over all its partitions. */
const AHEAD_BYTES = 8 * 1024 * 1024
/** Notices wake a reader; polling bounds the delay after a lost one. */
const POLL_MS = 1000
/** Least bytes asked of a partition, however small the batches: a round trip costs as much as 64 KiB. */
const FETCH_BYTES = 64 * 1024
/** The first wait after a failed fetch; it doubles up to a second. */
const FIRST_WAIT_MS = 50

type State = { readonly name: 'idle' | 'fetching' | 'closed' } | { readonly name: 'failed'; readonly error: QiError }

const IDLE: State = { name: 'idle' }
const FETCHING: State = { name: 'fetching' }
const CLOSED: State = { name: 'closed' }

interface Found {
  readonly bytes: Buffer
  readonly runs: readonly CheckedRun[]
  readonly from: bigint
  readonly memory?: Releasable
}

export interface ReadAheadOptions {
  readonly connections: Connections
  readonly logger: Logger
  readonly maxBytes: number
}

/**
 * Fetches batches of many partitions ahead of the reader, so that the next ones are there while it works on the last. Partitions
 * take turns. While the database cannot be reached, the fetch in flight is retried; positions are kept.
 *
 * | state | meaning | entered by | left by |
 * |---|---|---|---|
 * | idle | no fetch in flight | creation, end of a fetch | a hungry cursor while there is room → fetching |
 * | fetching | one fetch in flight, for all hungry cursors | from idle | end of the fetch → idle, final error → failed |
 * | failed | nothing more is fetched; next() yields what is ready, then throws | fail() | close() |
 * | closed | next() gives undefined | close() | – |
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions
  readonly paused = new PausedPartitions()
  readonly #changed = new Signal()
  readonly #closed = new AbortController()
  readonly #poll: NodeJS.Timeout
  readonly #origin = new WeakMap<EncodedBatch, Cursor>()
  #cursors: readonly Cursor[] = []
  #turn = 0
  #state: State = IDLE

  constructor(options: ReadAheadOptions) {
    this.#options = options
    this.#poll = setInterval(() => {
      this.notice()
      this.#changed.fire()
    }, POLL_MS)
  }

  get cursors(): readonly Cursor[] {
    return this.#cursors
  }

  /** The cursor that a taken batch came from. */
  cursorOf(batch: EncodedBatch): Cursor | undefined {
    return this.#origin.get(batch)
  }

  add(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) if (this.paused.has(cursor.partition)) cursor.rewind()
    this.#cursors = [...this.#cursors, ...cursors]
    // A cursor that comes back after a lost session may have ready batches; then no fetch follows that would wake the reader.
    this.wake()
  }

  remove(cursors: readonly Cursor[]): void {
    this.#cursors = this.#cursors.filter((cursor) => !cursors.includes(cursor))
    this.#changed.fire()
  }

  /**
   * Tells that there may be new messages.
   * @param topics serial ids of the topics that have some; every topic if undefined
   * @param appended the messages by serial id of the partition, if this client appended them
   */
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

  /** Bytes of the batches that are ready. */
  #ahead(): number {
    return this.#cursors.reduce((sum, cursor) => sum + cursor.ready.reduce((bytes, batch) => bytes + batch.bytes.length, 0), 0)
  }

  /** Makes a pending next() and the fetching look at the cursors again, after one was paused, resumed or moved. */
  wake(): void {
    this.#changed.fire()
    this.#pump()
  }

  /** Makes next() throw once it has yielded what is ready. */
  fail(error: QiError): void {
    if (this.#state.name === 'closed') return
    this.#state = { name: 'failed', error }
    this.#changed.fire()
  }

  /**
   * @returns the next batch; undefined after close(), or once every cursor has reached its end
   * @throws QiError an error that a retry does not cure
   */
  async next(): Promise<EncodedBatch | undefined> {
    for (;;) {
      if (this.#state.name === 'closed') return undefined
      const batch = this.#take()
      if (batch) {
        this.#pump()
        return batch
      }
      if (this.#state.name === 'failed') throw this.#state.error
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

  /** Starts a fetch if none is in flight, some cursor is hungry and there is room. */
  #pump(): void {
    if (this.#state.name !== 'idle') return
    const cursors = this.#cursors
    const rotated = cursors.map((_, i) => cursors[(this.#turn + i) % cursors.length] as Cursor)
    const hungry = rotated.filter((cursor) => cursor.hungry && !this.paused.has(cursor.partition))
    const ahead = this.#ahead()
    if (hungry.length === 0 || ahead >= AHEAD_BYTES) return
    this.#state = FETCHING
    void this.#fetch(hungry, AHEAD_BYTES - ahead).then(() => {
      if (this.#state.name === 'fetching') this.#state = IDLE
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
          .catch((error: unknown) => (isCorrupted(error) ? fetchOneByOne(connections, requests) : Promise.reject(error)))
        cursors.forEach((cursor, i) => {
          const meanwhile = (finish[i] as FetchEnd)(...this.#decode(cursor, requests[i]?.offset as bigint, found[i]))
          for (const appended of meanwhile) this.#offer(cursor, appended)
        })
        return
      } catch (error) {
        const failure = toQiError(error)
        if (!failure.retryable) {
          this.fail(failure)
          return
        }
        if (wait === FIRST_WAIT_MS) this.#options.logger.warn({ err: failure }, 'reading the log failed; retrying until it works')
        await delay(wait, undefined, { signal: this.#closed.signal }).catch(() => {})
      }
    }
  }

  /** The arguments of a {@link FetchEnd}: batches, the next offset to fetch, and true if the log held more. */
  #decode(cursor: Cursor, from: bigint, found: Fetched | undefined): Parameters<FetchEnd> {
    const first = found?.runs[0]
    const last = found?.runs.at(-1)
    // Nothing is left before `until`, which existed when the reader began: retention dropped it, or a damaged chunk was deleted.
    if (!found || !first || !last) return [[], cursor.until ?? from, false]
    const { topic, partition } = cursor.partition
    if (first.baseOffset > from)
      this.#options.logger.warn(
        { topic, partition, from: String(from), to: String(first.baseOffset) },
        'retention dropped messages before they were read; reading continues after them',
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
      if (batch.damage) logger.error({ topic, partition }, `${describeDamage(batch)}; reading continues after it`)
    return batches
  }

  close(): void {
    clearInterval(this.#poll)
    this.#state = CLOSED
    this.#closed.abort()
    this.#changed.fire()
  }
}
