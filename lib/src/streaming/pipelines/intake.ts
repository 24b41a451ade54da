import { setImmediate as turn } from 'node:timers/promises'
import { type Clock, type EncodedBatch, Linger, systemClock, type TopicPartition } from '../../base/index.ts'

export interface IntakeLimits {
  /** Writers that take at the same time. */
  readonly lanes: number
  /** Most records in one take, and most bytes; a single larger batch is a take of its own. */
  readonly maxRecords: number
  readonly maxWriteBytes: number
  /** With fewer records waiting than this, a take waits until it is due ({@link Linger}). */
  readonly fewRecords: number
  /** No more is let in while this many bytes wait or are being written. */
  readonly maxBytes: number
}

/** Batches of one partition that wait to be written. */
interface Place extends TopicPartition {
  /** Oldest first, with their turns among all that came. */
  readonly waiting: { readonly batch: EncodedBatch; readonly turn: number }[]
  records: number
  /** While a writer has batches of it: what is to be called when it is done. */
  done: (() => void) | undefined
}

const placeOf = (batch: EncodedBatch): string => `${batch.topic}/${batch.partition}`
const headTurn = ({ waiting }: Place): number => waiting[0]?.turn ?? Number.POSITIVE_INFINITY

/**
 * Batches between one reader and several writers: bounded in bytes, which is how pressure reaches the reader; in order within
 * a partition, and never two takes of one partition at once, so that offsets are committed in order.
 */
export class Intake {
  readonly #limits: IntakeLimits
  readonly #holds: (batch: EncodedBatch) => boolean
  readonly #clock: Clock
  readonly #places = new Map<string, Place>()
  #turn = 0
  /** By topic, so that a destination in trouble with one delays no other. */
  readonly #lingers = new Map<string, Linger>()
  #alarmAt = Number.POSITIVE_INFINITY
  /** Waiting or being written, by topic. */
  readonly #bytes = new Map<string, number>()
  readonly #heldTopics = new Set<string>()
  #records = 0
  #ended = false
  #change = Promise.withResolvers<void>()

  /** @param holds whether a batch is still to be written; one that is not is dropped where nobody has taken it yet */
  constructor(limits: IntakeLimits, holds: (batch: EncodedBatch) => boolean, clock: Clock = systemClock) {
    this.#limits = limits
    this.#holds = holds
    this.#clock = clock
  }

  /** Records let in and not yet done. */
  get depth(): number {
    return this.#records
  }

  /** Nothing comes in any more, and nothing waits. */
  get finished(): boolean {
    return this.#ended && [...this.#places.values()].every(({ waiting }) => waiting.length === 0)
  }

  get full(): boolean {
    let bytes = 0
    for (const [topic, ofTopic] of this.#bytes) if (!this.#heldTopics.has(topic)) bytes += ofTopic
    return bytes >= this.#limits.maxBytes
  }

  /** Resolves when there is room for the next batch; a single batch larger than the limit still comes in. */
  async put(batch: EncodedBatch): Promise<void> {
    if (this.#ended) return
    const { topic, partition } = batch
    const place = this.#places.get(placeOf(batch)) ?? { topic, partition, waiting: [], records: 0, done: undefined }
    this.#places.set(placeOf(batch), place)
    place.waiting.push({ batch, turn: this.#turn++ })
    place.records += batch.length
    this.#bytes.set(batch.topic, (this.#bytes.get(batch.topic) ?? 0) + batch.bytes.length)
    this.#records += batch.length
    this.#notify()
    while (this.full && !this.#ended) await this.#change.promise
  }

  /** Hands out nothing more of the topic, and leaves no other topic to wait for the room that it takes. Its reader is to be paused. */
  hold(topic: string): void {
    this.#heldTopics.add(topic)
    this.#notify()
  }

  release(topic: string): void {
    this.#heldTopics.delete(topic)
    this.#notify()
  }

  /** Has every writer that waits look again whether it is wanted. */
  nudge(): void {
    this.#notify()
  }

  /**
   * Batches of one topic for one writer, or nothing once the intake has ended and is empty, or the writer is no longer wanted. Each
   * take needs a `done`.
   * @param mine the partitions that the writer may take
   */
  async take(
    wanted: () => boolean = () => true,
    mine: (partition: TopicPartition) => boolean = () => true,
  ): Promise<readonly EncodedBatch[] | undefined> {
    for (;;) {
      if (!wanted()) return undefined
      if (this.#next(mine).length > 0) {
        // Batches that arrive in the same turn of the event loop join this write.
        await turn()
        const taken = this.#claim(this.#next(mine))
        if (taken.length > 0) return taken
      } else if (this.finished) return undefined
      else await this.#change.promise
    }
  }

  done(batches: readonly EncodedBatch[]): void {
    const places = new Set(batches.flatMap((batch) => this.#places.get(placeOf(batch)) ?? []))
    for (const done of new Set([...places].map((place) => place.done))) done?.()
    for (const place of places) place.done = undefined
    this.#discount(batches)
    this.#notify()
  }

  /** Lets no more in; with `drop`, forgets what waits, which is delivered again after a restart. */
  end(options: { readonly drop?: boolean } = {}): void {
    this.#ended = true
    if (options.drop)
      for (const place of this.#places.values()) {
        place.waiting.length = 0
        place.records = 0
      }
    this.#notify()
  }

  /** Where batches are to be taken from now: the partitions of the first topic that has enough of them, or is due. */
  #next(mine: (partition: TopicPartition) => boolean): readonly Place[] {
    this.#dropLost()
    const free = [...this.#places.values()]
      .filter((place) => place.waiting.length > 0 && !place.done && !this.#heldTopics.has(place.topic) && mine(place))
      .toSorted((a, b) => headTurn(a) - headTurn(b))
    for (const [topic, places] of Map.groupBy(free, (place) => place.topic)) {
      const ms = this.#ended || count(places) >= this.#limits.fewRecords ? 0 : this.#linger(topic).ms
      if (ms === 0) return places
      this.#alarm(ms)
    }
    return []
  }

  #linger(topic: string): Linger {
    const linger = this.#lingers.get(topic) ?? new Linger(this.#clock)
    this.#lingers.set(topic, linger)
    return linger
  }

  /** Has the writers look again in a while, at the latest. */
  #alarm(ms: number): void {
    const at = this.#clock.now() + ms
    if (at >= this.#alarmAt) return
    this.#alarmAt = at
    void this.#clock.sleep(ms).then(() => {
      if (this.#alarmAt === at) this.#alarmAt = Number.POSITIVE_INFINITY
      this.#notify()
    })
  }

  #claim(free: readonly Place[]): EncodedBatch[] {
    const { maxRecords, maxWriteBytes } = this.#limits
    const places = this.#share(free)
    const taken: EncodedBatch[] = []
    let records = 0
    let bytes = 0
    for (;;) {
      const place = places.reduce<Place | undefined>(
        (oldest, one) => (oldest && headTurn(oldest) <= headTurn(one) ? oldest : one),
        undefined,
      )
      const batch = place?.waiting[0]?.batch
      if (!place || !batch) break
      if (taken.length > 0 && (records + batch.length > maxRecords || bytes + batch.bytes.length > maxWriteBytes)) break
      this.#shift(place)
      taken.push(batch)
      records += batch.length
      bytes += batch.bytes.length
    }
    if (taken[0]) {
      const done = this.#linger(taken[0].topic).begin()
      for (const key of new Set(taken.map(placeOf))) (this.#places.get(key) as Place).done = done
    }
    return taken
  }

  /**
   * What one writer may take: of the partitions that are written or wait, as many as leave the others theirs. Who took from all
   * of them would leave the next writer what comes in meanwhile, a few records at a time. Where few wait, one write is less work
   * than two.
   */
  #share(free: readonly Place[]): readonly Place[] {
    if (count(free) < this.#limits.fewRecords) return free
    const busy = [...this.#places.values()].filter(({ topic, done }) => done && topic === free[0]?.topic)
    return free.slice(0, Math.ceil((free.length + busy.length) / this.#limits.lanes))
  }

  /** Those that this member no longer holds came before any that it holds. */
  #dropLost(): void {
    const lost: EncodedBatch[] = []
    for (const place of this.#places.values())
      for (let head = place.waiting[0]; head && !this.#holds(head.batch); head = place.waiting[0]) lost.push(this.#shift(place))
    if (lost.length === 0) return
    this.#discount(lost)
    this.#notify()
  }

  #shift(place: Place): EncodedBatch {
    const { batch } = place.waiting.shift() as Place['waiting'][number]
    place.records -= batch.length
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

const count = (places: readonly Place[]): number => places.reduce((sum, { records }) => sum + records, 0)
