import { setTimeout } from 'node:timers/promises'
import {
  type EncodedBatch,
  type Logger,
  QiError,
  type Stream,
  type TopicDescription,
  toQiError,
} from '../../../lib/src/base/types/index.ts'
import { channelOfTopic } from './channels.ts'
import type { GoneRange } from './gone.ts'
import { Place } from './Place.ts'

export interface TailOptions {
  readonly stream: () => Stream
  readonly topics: readonly string[]
  readonly logger: Logger
  /** @param place the place of the tail in the channel of the batch, already after the batch */
  readonly onBatch: (batch: EncodedBatch, place: Place) => Promise<void>
  readonly onInterrupted: () => void
  readonly onResumed: () => void
  /** Retention dropped these records before the tail read them. */
  readonly onGone: (channel: string, ranges: readonly GoneRange[]) => void
  /** The topic of a channel was deleted and created again: places in it are invalid. */
  readonly onRemade: (channel: string) => void
}

const LONGEST_WAIT_MS = 5_000

/**
 * Reads new records for all feeds that are at the tail. After a failure it resumes at its place, so that an outage of the stream loses
 * nothing.
 */
export class Tail {
  readonly #options: TailOptions
  readonly #stop = new AbortController()
  readonly #ready = Promise.withResolvers<void>()
  /** By topic. */
  readonly #places = new Map<string, Place>()
  readonly #finished: Promise<void>
  #round = new AbortController()
  #refreshed: PromiseWithResolvers<void> | undefined
  #interrupted = false
  #dispatching = false

  constructor(options: TailOptions) {
    this.#options = options
    // The caller may not await `ready`.
    this.#ready.promise.catch(() => {})
    this.#finished = this.#run()
  }

  /** Resolves once the ends of the topics are known; every record appended later is read. Rejects if they cannot be found. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** True while the stream cannot be read. */
  get interrupted(): boolean {
    return this.#interrupted
  }

  /** True if feeds have every record before the place of the tail; false while a batch is being sent. */
  get settled(): boolean {
    return !this.#dispatching
  }

  /**
   * The place after the last batch, also while that is still being sent.
   * @throws QiError NOT_FOUND if the stream has no such topic
   */
  placeOf(topic: string): Place {
    const place = this.#places.get(topic)
    if (place) return place
    throw new QiError('NOT_FOUND', `the stream has no topic ${topic} yet: start the platform, which creates it`, {
      field: 'channel',
    })
  }

  /** Looks for new partitions, and reads them from their beginning. */
  async refresh(): Promise<void> {
    this.#refreshed ??= Promise.withResolvers()
    this.#round.abort()
    await this.#refreshed.promise
  }

  stop(): Promise<void> {
    this.#stop.abort()
    this.#ready.reject(new QiError('CLOSED', 'the server is stopping'))
    this.#refreshed?.resolve()
    return this.#finished
  }

  async #run(): Promise<void> {
    const { logger, onInterrupted, onResumed } = this.#options
    const { signal } = this.#stop
    let waitMs = 100
    while (!signal.aborted) {
      this.#round = new AbortController()
      try {
        await this.#findPlaces()
        if (this.#interrupted) onResumed()
        this.#interrupted = false
        this.#ready.resolve()
        this.#refreshed?.resolve()
        this.#refreshed = undefined
        waitMs = 100
        await this.#read(AbortSignal.any([signal, this.#round.signal]))
        if (!signal.aborted && !this.#round.signal.aborted) throw new QiError('UNAVAILABLE', 'the stream ended')
      } catch (failure) {
        if (signal.aborted) return
        const error = toQiError(failure)
        this.#ready.reject(error)
        if (!this.#interrupted) {
          logger.warn({ err: error }, `live subscriptions are interrupted: ${error.message}; the stream is tried again`)
          onInterrupted()
        }
        this.#interrupted = true
        await setTimeout(waitMs, undefined, { signal }).catch(() => {})
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { stream, topics, onBatch } = this.#options
    const from = [...this.#places.values()].flatMap((place) => place.positions)
    for await (const batch of stream().read({ topics, from, signal })) {
      if (signal.aborted) return
      const place = this.#places.get(batch.topic)
      if (!place) continue
      await this.#checkGone(place, batch)
      // Before sending, so that a feed that joins meanwhile begins after this batch.
      place.offsets[batch.partition] = batch.nextOffset
      this.#dispatching = true
      await onBatch(batch, place)
      this.#dispatching = false
    }
  }

  /** Skipped offsets never held records, or retention dropped their records: only then onGone is called. */
  async #checkGone(place: Place, { topic, partition, firstOffset }: EncodedBatch): Promise<void> {
    const from = place.offsets[partition]
    if (from === undefined || firstOffset <= from) return
    const [described] = await this.#options.stream().describeTopics([topic])
    const earliest = described?.partitions.find((one) => one.partition === partition)?.earliest ?? 0n
    if (earliest > from) this.#options.onGone(place.channel, [{ partition, from, to: firstOffset }])
  }

  async #findPlaces(): Promise<void> {
    const { stream, topics } = this.#options
    for (const described of await stream().describeTopics(topics)) this.#findPlace(described)
  }

  /** At first the end of the topic; later the known place, moved forward if its records are gone. */
  #findPlace(described: TopicDescription): void {
    const { name, id, partitions } = described
    const { onGone, onRemade } = this.#options
    const known = this.#places.get(name)
    const channel = channelOfTopic(name) ?? name
    const remade = known !== undefined && known.topicId !== id
    if (!known || remade) {
      this.#places.set(name, Place.endOf(channel, described))
      if (remade) onRemade(channel)
      return
    }
    const gone: GoneRange[] = []
    for (const { partition, earliest } of partitions) {
      const offset = known.offsets[partition]
      if (offset !== undefined && earliest > offset) gone.push({ partition, from: offset, to: earliest })
      if (offset === undefined || earliest > offset) known.offsets[partition] = earliest
    }
    if (gone.length > 0) onGone(channel, gone)
  }
}
