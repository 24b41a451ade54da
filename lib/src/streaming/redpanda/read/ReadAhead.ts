import {
  describeDamage,
  type EncodedBatch,
  type Logger,
  type Position,
  type QiError,
  type TopicPartition,
  toQiError,
} from '../../../base/types/index.ts'
import { RETRY_DELAY_MS } from '../connection.ts'
import { Cursor, type CursorStart, partitionKey } from './Cursor.ts'
import type { PartitionFetcher } from './PartitionFetcher.ts'

/** Batches of the largest size that are held ahead, over all partitions, before fetching stops. */
const AHEAD_BATCHES = 8
/** Longest time that a broker delays its answer while it has no messages. */
const IDLE_WAIT_MS = 250
/** The same for a request without some partition that may become hungry soon. */
const PARTIAL_WAIT_MS = 10
/** How long a topic may be missing, for example while it is created again, before reading fails. */
const MISSING_TOPIC_MS = 10_000

type State =
  | { readonly name: 'reading' | 'suspended' | 'closed' }
  | { readonly name: 'failing' | 'failed'; readonly error: QiError }

const READING: State = { name: 'reading' }
const SUSPENDED: State = { name: 'suspended' }
const CLOSED: State = { name: 'closed' }

export interface ReadAheadOptions {
  readonly fetcher: PartitionFetcher
  /** Most bytes in one batch. */
  readonly maxBytes: number
  /** The oldest offset that a partition still holds. */
  readonly earliest: (partition: TopicPartition) => Promise<bigint>
  readonly logger: Logger
}

/**
 * Fetches batches of many partitions ahead of the reader: up to {@link AHEAD_BATCHES} batches in total and about two of each
 * partition, so that memory stays bounded however slow the reader. Partitions take turns. Requests that fail are retried.
 *
 * | state | meaning | entered by | left by |
 * |---|---|---|---|
 * | reading | fetches, and next() yields batches | creation, assign() | suspend(), fail(), close() |
 * | suspended | fetches, but next() waits: the group is rebalancing | suspend() | assign() → reading, fail() → failed, close() |
 * | failing | fetches nothing more; next() yields what is ready, then throws | fail() while reading | suspend() → failed, close() |
 * | failed | next() throws | fail() while suspended, suspend() while failing | close() |
 * | closed | next() gives undefined | close() | – |
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions
  #cursors = new Map<string, Cursor>()
  readonly #origin = new WeakMap<EncodedBatch, Cursor>()
  readonly #busy = new Set<number>()
  #state: State = READING
  #wakeFetching = Promise.withResolvers<void>()
  #wakeTaking = Promise.withResolvers<void>()
  #missingSince: number | undefined
  readonly #running: Promise<void>

  constructor(options: ReadAheadOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Replaces the partitions. Kept partitions keep their position and the batches fetched ahead. */
  assign(starts: readonly CursorStart[], kept: readonly TopicPartition[] = []): void {
    const cursors = new Map<string, Cursor>()
    for (const partition of kept) {
      const cursor = this.#cursors.get(partitionKey(partition))
      if (cursor) cursors.set(partitionKey(partition), cursor)
    }
    for (const start of starts) cursors.set(partitionKey(start), new Cursor(start, this.#options.maxBytes))
    this.#cursors = cursors
    if (this.#state.name === 'suspended') this.#state = READING
    this.#wake()
  }

  /** Yields nothing until the next assignment, because another member may get the partitions. */
  suspend(): void {
    if (this.#state.name === 'reading') this.#state = SUSPENDED
    else if (this.#state.name === 'failing') this.#state = { name: 'failed', error: this.#state.error }
  }

  cursor(partition: TopicPartition): Cursor | undefined {
    return this.#cursors.get(partitionKey(partition))
  }

  /** True if the partition of a taken batch has been owned ever since. */
  holds(batch: EncodedBatch): boolean {
    return this.#origin.get(batch) === this.cursor(batch)
  }

  pause(partitions?: readonly TopicPartition[]): void {
    for (const cursor of this.#select(partitions)) {
      if (cursor.paused) continue
      cursor.paused = true
      // Batches fetched ahead are dropped and fetched again later, because they would use up the space that all partitions share.
      cursor.moveTo(cursor.position)
    }
    this.#wake()
  }

  resume(partitions?: readonly TopicPartition[]): void {
    for (const cursor of this.#select(partitions)) cursor.paused = false
    this.#wake()
  }

  seek({ topic, partition, offset }: Position): void {
    this.cursor({ topic, partition })?.seek(offset)
    this.#wake()
  }

  /**
   * @returns the next batch; undefined after close(), or once every partition has reached its end
   * @throws QiError an error that a retry does not cure
   */
  async next(): Promise<EncodedBatch | undefined> {
    for (;;) {
      const state = this.#state
      if (state.name === 'closed') return undefined
      const batch = state.name === 'reading' || state.name === 'failing' ? this.#take() : undefined
      if (batch) return batch
      if (state.name === 'failing' || state.name === 'failed') throw state.error
      const cursors = [...this.#cursors.values()]
      if (cursors.length > 0 && cursors.every((cursor) => cursor.finished)) return undefined
      await this.#wakeTaking.promise
    }
  }

  /** Ends fetching with an error. The first one counts. */
  fail(error: QiError): void {
    if (this.#state.name === 'reading') this.#state = { name: 'failing', error }
    else if (this.#state.name === 'suspended') this.#state = { name: 'failed', error }
    this.#wake()
  }

  async close(): Promise<void> {
    this.#state = CLOSED
    this.#wake()
    await this.#options.fetcher.close().catch(() => {})
    await this.#running
  }

  #take(): EncodedBatch | undefined {
    for (const [key, cursor] of this.#cursors) {
      const batch = cursor.take()
      if (!batch) continue
      this.#origin.set(batch, cursor)
      this.#cursors.delete(key) // to the end of the queue
      this.#cursors.set(key, cursor)
      this.#wakeFetching.resolve()
      return batch
    }
    return undefined
  }

  async #run(): Promise<void> {
    while (this.#state.name === 'reading' || this.#state.name === 'suspended') {
      const woken = this.#wakeFetching.promise
      try {
        await this.#fetchWanted()
        this.#missingSince = undefined
        await woken
      } catch (error) {
        await this.#recover(toQiError(error))
      }
      this.#wakeFetching = Promise.withResolvers()
    }
  }

  async #fetchWanted(): Promise<void> {
    const { fetcher, maxBytes } = this.#options
    const room = maxBytes * AHEAD_BATCHES - [...this.#cursors.values()].reduce((sum, cursor) => sum + cursor.bytes, 0)
    const wanted = room > 0 ? [...this.#cursors.values()].filter((cursor) => cursor.hungry) : []
    if (wanted.length === 0) return
    const complete = wanted.length === [...this.#cursors.values()].filter((cursor) => !cursor.paused).length
    const leaders = await fetcher.byLeader(wanted)
    const share = Math.max(maxBytes, room / leaders.size)
    for (const [leader, cursors] of leaders) {
      if (this.#busy.has(leader)) continue
      this.#busy.add(leader)
      void this.#fetchFrom(leader, cursors, share, complete ? IDLE_WAIT_MS : PARTIAL_WAIT_MS)
    }
  }

  /** @param room most bytes of the answer, decompressed */
  async #fetchFrom(leader: number, cursors: readonly Cursor[], room: number, maxWaitMs: number): Promise<void> {
    const { fetcher, maxBytes } = this.#options
    const epochs = cursors.map((cursor) => cursor.epoch)
    try {
      // The limit counts compressed bytes; a cursor knows how many of them decompress to about `maxBytes`. A broker fills its answer
      // in the order of the request, in which the partition that was taken from last comes last.
      const wireBytes = cursors.reduce((sum, cursor) => sum + cursor.want.wireBytes, 0)
      const maxAnswerBytes = Math.ceil(wireBytes * Math.min(1, room / (cursors.length * maxBytes)))
      const limits = { maxBytes, maxAnswerBytes, maxWaitMs }
      const answers = await fetcher.fetch(
        leader,
        cursors.map((cursor) => cursor.want),
        limits,
      )
      for (const answer of answers) {
        const index = cursors.findIndex((cursor) => cursor.topic === answer.topic && cursor.partition === answer.partition)
        const cursor = cursors[index]
        if (!cursor || cursor.epoch !== epochs[index]) continue
        if (answer.outOfRange) await this.#restart(cursor)
        else {
          for (const batch of answer.batches)
            if (batch.damage) this.#options.logger.error({}, `${describeDamage(batch)}; reading continues after it`)
          cursor.accept(answer)
        }
      }
    } catch (error) {
      await this.#recover(toQiError(error))
    } finally {
      this.#busy.delete(leader)
      this.#wake()
    }
  }

  /** Moves to the oldest message: the offset was deleted by retention, or the topic was created again. */
  async #restart(cursor: Cursor): Promise<void> {
    const { topic, partition, position } = cursor
    const offset = await this.#options.earliest({ topic, partition })
    this.#options.logger.warn(
      { topic, partition, from: position, to: offset },
      'the offset to read from no longer exists; reading continues from the oldest message',
    )
    cursor.moveTo(offset)
  }

  async #recover(error: QiError): Promise<void> {
    if (this.#state.name === 'closed') return
    if (error.code === 'NOT_FOUND') this.#missingSince ??= Date.now()
    const missing = this.#missingSince !== undefined && Date.now() - this.#missingSince > MISSING_TOPIC_MS
    if (missing || (!error.retryable && error.code !== 'NOT_FOUND' && error.code !== 'CLOSED')) return this.fail(error)
    this.#options.logger.debug({ err: error }, 'reading failed; retrying')
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS))
  }

  #select(partitions?: readonly TopicPartition[]): Cursor[] {
    return partitions ? partitions.flatMap((partition) => this.cursor(partition) ?? []) : [...this.#cursors.values()]
  }

  #wake(): void {
    this.#wakeFetching.resolve()
    this.#wakeTaking.resolve()
    this.#wakeTaking = Promise.withResolvers()
  }
}
