import {
  describeDamage,
  type EncodedBatch,
  type Logger,
  type Position,
  type QiError,
  type TopicPartition,
  toQiError,
} from '../../base/index.ts'
import { RETRY_DELAY_MS } from './connection.ts'
import type { PartitionFetcher } from './PartitionFetcher.ts'
import { type LaneStart, laneKey, ReadLane } from './ReadLane.ts'

/** Batches of the largest size that are held for all partitions together before fetching stops. */
const HELD_BATCHES = 8
/** How long a broker holds an answer back while it has nothing. */
const IDLE_WAIT_MS = 250
/** The same while a partition that may be read on soon is not part of the request. */
const PARTIAL_WAIT_MS = 10
/** How long a topic may be missing (as while it is made anew) before reading fails. */
const MISSING_TOPIC_MS = 10_000

export interface ReadAheadOptions {
  readonly fetcher: PartitionFetcher
  /** Most bytes in one batch. */
  readonly maxBytes: number
  /** The oldest offset that a partition still holds. */
  readonly earliest: (partition: TopicPartition) => Promise<bigint>
  readonly logger: Logger
}

/**
 * Fetches partitions ahead of whoever takes their batches: up to {@link HELD_BATCHES} batches in all and about two of each
 * partition, so that memory stays bounded however slow the taker. Outages are waited out.
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions
  #lanes = new Map<string, ReadLane>()
  readonly #origin = new WeakMap<EncodedBatch, ReadLane>()
  readonly #busy = new Set<number>()
  #closed = false
  #held = false
  #failure: QiError | undefined
  #wakeFetching = Promise.withResolvers<void>()
  #wakeTaking = Promise.withResolvers<void>()
  #missingSince: number | undefined
  readonly #running: Promise<void>

  constructor(options: ReadAheadOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Replaces the partitions; those that stay keep their place and what was fetched of them. */
  assign(starts: readonly LaneStart[], kept: readonly TopicPartition[] = []): void {
    const lanes = new Map<string, ReadLane>()
    for (const partition of kept) {
      const lane = this.#lanes.get(laneKey(partition))
      if (lane) lanes.set(laneKey(partition), lane)
    }
    for (const start of starts) lanes.set(laneKey(start), new ReadLane(start, this.#options.maxBytes))
    this.#lanes = lanes
    this.#held = false
    this.#wake()
  }

  /** Yields nothing until the next assignment: who will hold the partitions is being settled. */
  hold(): void {
    this.#held = true
  }

  lane(partition: TopicPartition): ReadLane | undefined {
    return this.#lanes.get(laneKey(partition))
  }

  /** Whether a batch that was taken is of a partition that has been held ever since. */
  holds(batch: EncodedBatch): boolean {
    return this.#origin.get(batch) === this.lane(batch)
  }

  pause(partitions?: readonly TopicPartition[]): void {
    for (const lane of this.#select(partitions)) {
      if (lane.paused) continue
      lane.paused = true
      // What was fetched is fetched again later: held, it would use up what the other partitions share.
      lane.moveTo(lane.position)
    }
    this.#wake()
  }

  resume(partitions?: readonly TopicPartition[]): void {
    for (const lane of this.#select(partitions)) lane.paused = false
    this.#wake()
  }

  seek({ topic, partition, offset }: Position): void {
    this.lane({ topic, partition })?.moveTo(offset)
    this.#wake()
  }

  /** The next batch, partitions in turn; nothing once all have ended, or after close. @throws QiError */
  async next(): Promise<EncodedBatch | undefined> {
    for (;;) {
      if (this.#closed) return undefined
      const batch = this.#held ? undefined : this.#take()
      if (batch) return batch
      if (this.#failure) throw this.#failure
      const lanes = [...this.#lanes.values()]
      if (lanes.length > 0 && lanes.every((lane) => lane.finished)) return undefined
      await this.#wakeTaking.promise
    }
  }

  fail(error: QiError): void {
    this.#failure ??= error
    this.#wake()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#options.fetcher.close().catch(() => {})
    await this.#running
  }

  #take(): EncodedBatch | undefined {
    for (const [key, lane] of this.#lanes) {
      const batch = lane.take()
      if (!batch) continue
      this.#origin.set(batch, lane)
      this.#lanes.delete(key) // to the end of the line
      this.#lanes.set(key, lane)
      this.#wakeFetching.resolve()
      return batch
    }
    return undefined
  }

  async #run(): Promise<void> {
    while (!this.#closed && !this.#failure) {
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
    const room = maxBytes * HELD_BATCHES - [...this.#lanes.values()].reduce((sum, lane) => sum + lane.bytes, 0)
    const wanted = room > 0 ? [...this.#lanes.values()].filter((lane) => lane.hungry) : []
    if (wanted.length === 0) return
    const complete = wanted.length === [...this.#lanes.values()].filter((lane) => !lane.paused).length
    const leaders = await fetcher.byLeader(wanted)
    const share = Math.max(maxBytes, room / leaders.size)
    for (const [leader, lanes] of leaders) {
      if (this.#busy.has(leader)) continue
      this.#busy.add(leader)
      void this.#fetchFrom(leader, lanes, share, complete ? IDLE_WAIT_MS : PARTIAL_WAIT_MS)
    }
  }

  /** @param room bytes that the answer may hold, unpacked */
  async #fetchFrom(leader: number, lanes: readonly ReadLane[], room: number, maxWaitMs: number): Promise<void> {
    const { fetcher, maxBytes } = this.#options
    const epochs = lanes.map((lane) => lane.epoch)
    try {
      // The limit counts compressed bytes; a lane knows how many of them unpack to about `maxBytes`. A broker fills its answer in the
      // order of the request, in which the partition that was taken from last comes last.
      const wireBytes = lanes.reduce((sum, lane) => sum + lane.want.wireBytes, 0)
      const maxAnswerBytes = Math.ceil(wireBytes * Math.min(1, room / (lanes.length * maxBytes)))
      const limits = { maxBytes, maxAnswerBytes, maxWaitMs }
      const answers = await fetcher.fetch(
        leader,
        lanes.map((lane) => lane.want),
        limits,
      )
      for (const answer of answers) {
        const index = lanes.findIndex((lane) => lane.topic === answer.topic && lane.partition === answer.partition)
        const lane = lanes[index]
        if (!lane || lane.epoch !== epochs[index]) continue
        if (answer.outOfRange) await this.#restart(lane)
        else {
          for (const batch of answer.batches)
            if (batch.damage) this.#options.logger.error({}, `${describeDamage(batch)}; reading goes on behind it`)
          lane.accept(answer)
        }
      }
    } catch (error) {
      await this.#recover(toQiError(error))
    } finally {
      this.#busy.delete(leader)
      this.#wake()
    }
  }

  /** What was asked for has been deleted, or the topic was made anew: nothing that is there is left out. */
  async #restart(lane: ReadLane): Promise<void> {
    const { topic, partition, position } = lane
    const offset = await this.#options.earliest({ topic, partition })
    this.#options.logger.warn(
      { topic, partition, from: position, to: offset },
      'the offset to read from is not held; reading on from the oldest message',
    )
    lane.moveTo(offset)
  }

  async #recover(error: QiError): Promise<void> {
    if (this.#closed) return
    if (error.code === 'NOT_FOUND') this.#missingSince ??= Date.now()
    const missing = this.#missingSince !== undefined && Date.now() - this.#missingSince > MISSING_TOPIC_MS
    if (missing || (!error.retryable && error.code !== 'NOT_FOUND' && error.code !== 'CLOSED')) return this.fail(error)
    this.#options.logger.debug({ err: error }, 'reading again after a failure')
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS))
  }

  #select(partitions?: readonly TopicPartition[]): ReadLane[] {
    return partitions ? partitions.flatMap((partition) => this.lane(partition) ?? []) : [...this.#lanes.values()]
  }

  #wake(): void {
    this.#wakeFetching.resolve()
    this.#wakeTaking.resolve()
    this.#wakeTaking = Promise.withResolvers()
  }
}
