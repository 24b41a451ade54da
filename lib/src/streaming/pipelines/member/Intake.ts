import { setImmediate } from 'node:timers/promises'
import { type Clock, Linger, systemClock } from '../../../base/networking/index.ts'
import { type EncodedBatch, QiError, type TopicPartition } from '../../../base/types/index.ts'

export interface IntakeLimits {
  /** Lanes that take at the same time. */
  readonly lanes: number
  /** Most records in one take, and most bytes; a single larger batch is a take of its own. */
  readonly maxRecords: number
  readonly maxWriteBytes: number
  /** With fewer records waiting than this, a take waits until it is due ({@link Linger}). */
  readonly fewRecords: number
  /** `put` waits while this many bytes wait or are taken. */
  readonly maxBytes: number
}

export type IntakeState = 'open' | 'draining' | 'finished'

/** The batches of one partition. */
interface PartitionQueue extends TopicPartition {
  /** Oldest first; `arrival` numbers all batches of the intake. */
  readonly waiting: { readonly batch: EncodedBatch; readonly arrival: number }[]
  /** Records that wait. */
  records: number
  /** Set while the partition is taken: ends the measurement of its topic's {@link Linger}. */
  endTake: (() => void) | undefined
}

const keyOf = (batch: EncodedBatch): string => `${batch.topic}/${batch.partition}`
const headArrival = ({ waiting }: PartitionQueue): number => waiting[0]?.arrival ?? Number.POSITIVE_INFINITY

/**
 * Batches between one reader and the lanes. It is bounded in bytes: `put` waits while it is full, which is the backpressure on the
 * reader. Batches of a partition stay in order, and no two lanes have one partition at once, so offsets are committed in order.
 *
 * | | state | entered | left |
 * |---|---|---|---|
 * | intake | `open` | at the start | {@link end} |
 * | | `draining` | {@link end}; `put` is ignored from here on | nothing waits any more |
 * | | `finished` | nothing waits any more; `take` gives undefined | |
 * | batch | waiting | {@link put} | {@link take}; dropped when its partition is no longer assigned, or by {@link end} with `drop` |
 * | | taken | {@link take} | {@link done} |
 * | partition | free | at the start, and by {@link done} | {@link take} of any of its batches |
 * | | taken | {@link take}; no other take has its batches | {@link done} |
 * | topic | flowing | at the start, and by {@link release} | {@link hold} |
 * | | held | {@link hold}: nothing of it is taken, and its bytes do not count as used room | {@link release} |
 *
 * Other transitions (`done` without a take, `hold` twice, `release` without a hold) throw INTERNAL.
 */
export class Intake {
  readonly #limits: IntakeLimits
  readonly #holds: (batch: EncodedBatch) => boolean
  readonly #clock: Clock
  readonly #queues = new Map<string, PartitionQueue>()
  #arrivals = 0
  /** One for each topic, so that slow writes of one delay no other. */
  readonly #lingers = new Map<string, Linger>()
  #alarmAt = Number.POSITIVE_INFINITY
  /** Bytes that wait or are taken, by topic. */
  readonly #bytes = new Map<string, number>()
  readonly #heldTopics = new Set<string>()
  #records = 0
  #ended = false
  #change = Promise.withResolvers<void>()

  /** @param holds true while the partition of a batch is assigned to this member; waiting batches of others are dropped */
  constructor(limits: IntakeLimits, holds: (batch: EncodedBatch) => boolean, clock: Clock = systemClock) {
    this.#limits = limits
    this.#holds = holds
    this.#clock = clock
  }

  get state(): IntakeState {
    if (!this.#ended) return 'open'
    for (const { waiting } of this.#queues.values()) if (waiting.length > 0) return 'draining'
    return 'finished'
  }

  /** Records that wait or are taken. */
  get depth(): number {
    return this.#records
  }

  get full(): boolean {
    let bytes = 0
    for (const [topic, ofTopic] of this.#bytes) if (!this.#heldTopics.has(topic)) bytes += ofTopic
    return bytes >= this.#limits.maxBytes
  }

  /** Lets the batch in, even one larger than all the room, and resolves when there is room for the next. */
  async put(batch: EncodedBatch): Promise<void> {
    if (this.#ended) return
    const { topic, partition } = batch
    const queue = this.#queues.get(keyOf(batch)) ?? { topic, partition, waiting: [], records: 0, endTake: undefined }
    this.#queues.set(keyOf(batch), queue)
    queue.waiting.push({ batch, arrival: this.#arrivals++ })
    queue.records += batch.length
    this.#bytes.set(batch.topic, (this.#bytes.get(batch.topic) ?? 0) + batch.bytes.length)
    this.#records += batch.length
    this.#notify()
    while (this.full && !this.#ended) await this.#change.promise
  }

  /** Holds a topic back. Its partitions are to be paused in the subscription. */
  hold(topic: string): void {
    if (this.#heldTopics.has(topic)) throw new QiError('INTERNAL', `topic ${topic} is held already`)
    this.#heldTopics.add(topic)
    this.#notify()
  }

  release(topic: string): void {
    if (!this.#heldTopics.delete(topic)) throw new QiError('INTERNAL', `topic ${topic} is not held`)
    this.#notify()
  }

  /** Makes each lane that waits in {@link take} ask `wanted` again. */
  nudge(): void {
    this.#notify()
  }

  /**
   * Batches of one topic; undefined once the intake has finished or the lane is no longer wanted. Each take needs a {@link done}.
   * @param mine the partitions that the lane may take
   */
  async take(
    wanted: () => boolean = () => true,
    mine: (partition: TopicPartition) => boolean = () => true,
  ): Promise<readonly EncodedBatch[] | undefined> {
    for (;;) {
      if (!wanted()) return undefined
      if (this.#next(mine).length > 0) {
        // Batches that arrive in the same turn of the event loop join this take.
        await setImmediate()
        const taken = this.#claim(this.#next(mine))
        if (taken.length > 0) return taken
      } else if (this.state === 'finished') return undefined
      else await this.#change.promise
    }
  }

  /** Ends a take: the batches were written or given up. */
  done(batches: readonly EncodedBatch[]): void {
    const queues = new Set(batches.map((batch) => this.#takenQueue(batch)))
    for (const endTake of new Set([...queues].map((queue) => queue.endTake))) endTake?.()
    for (const queue of queues) queue.endTake = undefined
    this.#discount(batches)
    this.#notify()
  }

  /** Lets no more in. With `drop` it forgets the batches that wait; they are delivered again after a restart. */
  end(options: { readonly drop?: boolean } = {}): void {
    this.#ended = true
    if (options.drop)
      for (const queue of this.#queues.values()) {
        queue.waiting.length = 0
        queue.records = 0
      }
    this.#notify()
  }

  /** The free partitions of the first topic that has enough records for a write, or is due. */
  #next(mine: (partition: TopicPartition) => boolean): readonly PartitionQueue[] {
    this.#dropLost()
    const free = [...this.#queues.values()]
      .filter((queue) => queue.waiting.length > 0 && !queue.endTake && !this.#heldTopics.has(queue.topic) && mine(queue))
      .toSorted((a, b) => headArrival(a) - headArrival(b))
    for (const [topic, queues] of Map.groupBy(free, (queue) => queue.topic)) {
      const ms = this.#ended || recordsOf(queues) >= this.#limits.fewRecords ? 0 : this.#linger(topic).ms
      if (ms === 0) return queues
      this.#alarm(ms)
    }
    return []
  }

  #linger(topic: string): Linger {
    const linger = this.#lingers.get(topic) ?? new Linger(this.#clock)
    this.#lingers.set(topic, linger)
    return linger
  }

  /** Wakes the lanes after `ms`, unless an earlier alarm is set. */
  #alarm(ms: number): void {
    const at = this.#clock.now() + ms
    if (at >= this.#alarmAt) return
    this.#alarmAt = at
    void this.#clock.sleep(ms).then(() => {
      if (this.#alarmAt === at) this.#alarmAt = Number.POSITIVE_INFINITY
      this.#notify()
    })
  }

  #claim(free: readonly PartitionQueue[]): EncodedBatch[] {
    const { maxRecords, maxWriteBytes } = this.#limits
    const queues = this.#share(free)
    const taken: EncodedBatch[] = []
    let records = 0
    let bytes = 0
    for (;;) {
      const queue = queues.reduce<PartitionQueue | undefined>(
        (oldest, one) => (oldest && headArrival(oldest) <= headArrival(one) ? oldest : one),
        undefined,
      )
      const batch = queue?.waiting[0]?.batch
      if (!queue || !batch) break
      if (taken.length > 0 && (records + batch.length > maxRecords || bytes + batch.bytes.length > maxWriteBytes)) break
      this.#shift(queue)
      taken.push(batch)
      records += batch.length
      bytes += batch.bytes.length
    }
    if (taken[0]) {
      const endTake = this.#linger(taken[0].topic).begin()
      for (const key of new Set(taken.map(keyOf))) (this.#queues.get(key) as PartitionQueue).endTake = endTake
    }
    return taken
  }

  /**
   * One lane's share of the free partitions: it leaves the other lanes theirs. A lane that took all of them would leave the next
   * lane only the few records that arrive meanwhile. Few records are taken whole: one write is less work than two.
   */
  #share(free: readonly PartitionQueue[]): readonly PartitionQueue[] {
    if (recordsOf(free) < this.#limits.fewRecords) return free
    const taken = [...this.#queues.values()].filter(({ topic, endTake }) => endTake && topic === free[0]?.topic)
    return free.slice(0, Math.ceil((free.length + taken.length) / this.#limits.lanes))
  }

  /** Looks at the head of each queue until one is still assigned: batches of an earlier assignment are always ahead of later ones. */
  #dropLost(): void {
    const lost: EncodedBatch[] = []
    for (const queue of this.#queues.values())
      for (let head = queue.waiting[0]; head && !this.#holds(head.batch); head = queue.waiting[0]) lost.push(this.#shift(queue))
    if (lost.length === 0) return
    this.#discount(lost)
    this.#notify()
  }

  #takenQueue(batch: EncodedBatch): PartitionQueue {
    const queue = this.#queues.get(keyOf(batch))
    if (queue?.endTake) return queue
    throw new QiError('INTERNAL', `done was called for ${keyOf(batch)}, of which nothing is taken`)
  }

  #shift(queue: PartitionQueue): EncodedBatch {
    const { batch } = queue.waiting.shift() as PartitionQueue['waiting'][number]
    queue.records -= batch.length
    return batch
  }

  #discount(batches: readonly EncodedBatch[]): void {
    for (const batch of batches) {
      this.#bytes.set(batch.topic, (this.#bytes.get(batch.topic) ?? 0) - batch.bytes.length)
      this.#records -= batch.length
    }
  }

  #notify(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }
}

const recordsOf = (queues: readonly PartitionQueue[]): number => queues.reduce((sum, { records }) => sum + records, 0)
