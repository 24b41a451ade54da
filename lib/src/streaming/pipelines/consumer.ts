import { channel } from 'node:diagnostics_channel'
import { setTimeout } from 'node:timers/promises'
import {
  abortable,
  type DeliveryState,
  type DeliveryStats,
  isSegmentSink,
  type Logger,
  QiError,
  type RecordType,
  retry,
  type Sink,
  type Stream,
  type Subscription,
  TopicCatalogue,
  tellFailure,
} from '../../base/index.ts'
import { Attempts } from './Attempts.ts'
import { closeWithin } from './closeWithin.ts'
import { Commits } from './commits.ts'
import type { DeadLetter } from './deadLetter.ts'
import type { DeadLetters } from './deadLetters.ts'
import { addressedTo, DEFAULT_DELIVERY, type DeliveryKey, type DeliverySettings, deliveryName, groupOf } from './delivery.ts'
import { Intake } from './intake.ts'
import { LagWatch } from './LagWatch.ts'
import type { LaneParts, Settled } from './lane.ts'
import { Lanes } from './lanes.ts'
import { marketTime } from './marketTime.ts'
import { rowLane } from './rowLane.ts'
import { segmentLane } from './segmentLane.ts'

export interface ConsumerOptions extends DeliveryKey {
  /** Default: the delivery's own. */
  readonly group?: string
  readonly topics: readonly string[]
  readonly stream: Stream
  /** Opens the destination; called again while it fails. The signal is aborted when nothing more is written. */
  readonly open: (signal: AbortSignal) => Promise<Sink>
  readonly deadLetters: DeadLetters
  /** Record types of the topics; default those of the record types themselves. */
  readonly catalogue?: TopicCatalogue
  readonly logger: Logger
  readonly settings?: Partial<DeliverySettings>
}

/** What is published on the diagnostics channel `qicore:consumer` after each write. */
export interface ConsumerWrite extends DeliveryKey {
  readonly topic: string
  /** Records that were added, and those whose key was there already. */
  readonly written: number
  readonly overwritten: number
  readonly failed: number
  /** Batches of damaged bytes that were put into the dead letters. */
  readonly damaged: number
  readonly milliseconds: number
  /** When the oldest record of the write was appended, in milliseconds since 1970. */
  readonly oldest: number
  /** When the market made the oldest of its records, where they came live and say so, in milliseconds since 1970. */
  readonly market: number | undefined
}

const writes = channel('qicore:consumer')
const MIB = 1024 * 1024
/** So many records are a write worth making, however busy the consumer. */
const FEW_RECORDS = 500

/**
 * One member of a delivery's group. Stream → destination: reads, writes in lanes, puts what cannot be written into the dead letters, and
 * only then acknowledges. Trouble at the destination is dealt with by the failure policy; meanwhile nothing more of that topic is read.
 */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #settings: DeliverySettings
  readonly #catalogue: TopicCatalogue
  readonly #group: string
  readonly #attempts: Attempts
  readonly #counts = { read: 0, written: 0, overwritten: 0, deadLettered: 0, skipped: 0, writes: 0 }
  #state: Extract<DeliveryState, 'idle' | 'opening' | 'running' | 'stopped'> = 'idle'
  #damage: DeliveryStats['damage']
  #skip: DeliveryStats['skip']
  #lastWriteAt: number | undefined
  #intake: Intake | undefined
  #collected = 0
  #sink: Sink | undefined

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#settings = { ...DEFAULT_DELIVERY, ...options.settings }
    this.#catalogue = options.catalogue ?? new TopicCatalogue()
    this.#group = options.group ?? groupOf(options)
    this.#attempts = new Attempts({ part: this.#part, logger: options.logger, settings: this.#settings })
  }

  /** The destination while it is open. */
  get sink(): Sink | undefined {
    return this.#sink
  }

  /** Lets a parked delivery try again. */
  resume(): void {
    this.#attempts.resume()
  }

  stats(): DeliveryStats {
    const { trouble } = this.#attempts
    const active = this.#state === 'running' || this.#state === 'opening'
    const troubled = active ? this.#attempts.state : undefined
    return {
      name: deliveryName(this.#options),
      pipeline: this.#options.pipeline,
      destination: this.#options.destination,
      group: this.#group,
      topics: this.#options.topics,
      members: 1,
      state: this.#state === 'opening' && troubled !== 'parked' ? 'opening' : (troubled ?? this.#state),
      ...(active && trouble && { trouble }),
      ...(this.#damage && { damage: this.#damage }),
      ...(this.#skip && { skip: this.#skip }),
      ...this.#counts,
      waiting: (this.#intake?.depth ?? 0) + this.#collected,
      ...(this.#lastWriteAt && { lastWriteAt: this.#lastWriteAt }),
    }
  }

  /**
   * Runs until the signal aborts, then writes what it has read, commits and leaves the group.
   * @throws QiError when the stream fails for good; what was not acknowledged is delivered again
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.#session(signal)
    } finally {
      this.#state = 'stopped'
    }
  }

  /** From joining the group to leaving it: when the signal aborts, or to skip what lies beyond the bound of the lag. */
  async #session(signal: AbortSignal): Promise<void> {
    const { stream, topics, logger, deadLetters } = this.#options
    const { lanes, maxBytes } = this.#settings
    this.#state = 'opening'
    const subscription = await stream.subscribe({
      group: this.#group,
      topics,
      maxBytes: Math.min(MIB, (lanes * maxBytes) / 8),
    })
    const watch = new LagWatch({
      ...{ stream, subscription, deadLetters, logger, group: this.#group, settings: this.#settings, delivery: this.#options },
      signal,
    })
    try {
      const ending = AbortSignal.any([signal, watch.over])
      const sink = await this.#opened(ending)
      if (sink) {
        this.#sink = sink
        await this.#work(sink, subscription, { ending, hurry: watch.over }).finally(() => this.#close(sink))
      }
      if (!signal.aborted && watch.over.aborted) {
        const { at, error, records, ranges } = await watch.skip()
        this.#skip = { at, error }
        this.#counts.skipped += records
        this.#counts.deadLettered += ranges
      }
    } finally {
      await watch.close()
      await subscription.close()
    }
  }

  /** The destination, however often it has to be tried; nothing when the session ends before. */
  async #opened(ending: AbortSignal): Promise<Sink | undefined> {
    const { open, topics, destination } = this.#options
    const opening = async () => {
      const opened = open(ending)
      // One that comes too late is of no use to anybody.
      opened.then(
        (sink) => (ending.aborted ? this.#close(sink) : undefined),
        () => {},
      )
      const sink = await opened
      const other = topics.map((topic) => this.#typeOf(topic)).find((type) => !sink.accepts(type))
      if (!other) return sink
      await this.#close(sink)
      throw new QiError(
        'CONFIG_INVALID',
        `destination ${destination} takes no ${other.name} records: leave them out of its pipeline`,
      )
    }
    try {
      // There is no record to give up yet: opening goes on for as long as it takes.
      const { result } = await this.#attempts.run(opening, { target: `opening ${destination}`, signal: ending, forever: true })
      return result
    } catch (error) {
      if (ending.aborted) return undefined
      throw error
    }
  }

  async #work(
    sink: Sink,
    subscription: Subscription,
    { ending, hurry }: { readonly ending: AbortSignal; readonly hurry: AbortSignal },
  ): Promise<void> {
    const { pipeline, destination, logger } = this.#options
    const { lanes: count, maxRecords, maxBytes } = this.#settings
    const limits = {
      lanes: count,
      maxRecords,
      maxWriteBytes: maxBytes,
      maxBytes: count * maxBytes,
      fewRecords: Math.min(FEW_RECORDS, maxRecords),
    }
    const intake = new Intake(limits, (batch) => subscription.holds(batch))
    this.#intake = intake
    const halt = new AbortController()
    const commits = new Commits(subscription, { name: this.#part, logger, signal: halt.signal })
    const parts = (lanes: Lanes): LaneParts => ({
      ...{ pipeline, destination, subscription, intake, commits, logger, lanes, signal: halt.signal },
      attempts: this.#attempts,
      typeOf: (topic) => this.#typeOf(topic),
      addressed: (batch) => addressedTo([this.#group], batch),
      settled: (settled) => this.#settled(settled, halt.signal),
      collected: (records) => {
        this.#collected += records
      },
    })
    this.#state = 'running'
    const working = new Lanes({
      count,
      subscription,
      intake,
      run: (lanes, wanted, index) =>
        isSegmentSink(sink) ? segmentLane(sink, parts(lanes), { index, lanes: count }) : rowLane(sink, parts(lanes), wanted),
    })
    try {
      working.finished.catch(() => intake.end({ drop: true }))
      await Promise.race([working.finished, this.#read(subscription, intake, working, ending)])
      intake.end()
      await this.#drain(working, halt, hurry)
    } finally {
      intake.end({ drop: true })
      this.#intake = undefined
      this.#collected = 0
    }
  }

  /** Gives the lanes their time to write what was read, and then halts them. */
  async #drain(working: Lanes, halt: AbortController, hurry: AbortSignal): Promise<void> {
    const finished = new AbortController()
    const waiting = this.#intake?.depth
    const parked = this.#attempts.state === 'parked'
    const deadline = setTimeout(parked || hurry.aborted ? 0 : this.#settings.drainMs, undefined, {
      signal: finished.signal,
    }).then(
      () => halt.abort(),
      () => {},
    )
    await working.finished.catch((error: unknown) => {
      if (!halt.signal.aborted) throw error
      this.#options.logger.warn({ waiting }, 'stopped before all that was read could be written; it is delivered again')
    })
    finished.abort()
    await deadline
  }

  async #read(subscription: Subscription, intake: Intake, lanes: Lanes, signal: AbortSignal): Promise<void> {
    const iterator = subscription[Symbol.asyncIterator]()
    try {
      for (;;) {
        const pull = iterator.next()
        // After an abort nobody awaits the pull: closing the subscription ends it.
        pull.catch(() => {})
        const next = await abortable(pull, signal)
        if (next.done) return
        this.#counts.read += next.value.length
        lanes.read({ topic: next.value.topic, partition: next.value.partition })
        await abortable(intake.put(next.value), signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #settled({ type, batches, letters, written, overwritten, started }: Settled, signal: AbortSignal): Promise<void> {
    const { pipeline, destination } = this.#options
    if (letters.length > 0) await this.#put(letters, signal)
    const damaged = letters.filter(({ stage }) => stage === 'read')
    const failed = letters.length - damaged.length
    if (damaged.length > 0)
      this.#damage = { at: Date.now(), error: new QiError('BAD_DATA', damaged.map(({ reason }) => reason).join('; ')) }
    this.#counts.written += written
    this.#counts.overwritten += overwritten
    this.#counts.deadLettered += letters.length
    this.#counts.writes++
    this.#lastWriteAt = Date.now()
    if (!writes.hasSubscribers) return
    const readable = batches.filter(({ damage }) => !damage)
    writes.publish({
      ...{ pipeline, destination, topic: type.topic, written, overwritten, failed, damaged: damaged.length },
      milliseconds: performance.now() - started,
      oldest: Math.min(...readable.map((batch) => batch.timestamps[0] ?? Number.POSITIVE_INFINITY)),
      market: marketTime(type, readable),
    } satisfies ConsumerWrite)
  }

  /** The stream keeps the letters, so the failure policy of the destination is not asked. */
  #put(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> {
    return retry(() => this.#options.deadLetters.put(letters), {
      signal,
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
      baseMs: 100,
      maxMs: 5_000,
      onRetry: ({ error, waitMs }) => {
        tellFailure(this.#part, error)
        this.#options.logger.warn({ error, waitMs }, `${this.#part}: dead letters could not be kept; trying again`)
      },
    })
  }

  async #close(sink: Sink): Promise<void> {
    if (this.#sink === sink) this.#sink = undefined
    await closeWithin(`destination ${this.#options.destination}`, this.#options.logger, () => sink.close())
  }

  #typeOf(topic: string): RecordType {
    const type = this.#catalogue.typeOf(topic)
    if (type) return type
    throw new QiError('INTERNAL', `${this.#part} reads ${topic}, which carries no record type`)
  }

  get #part(): string {
    return `consumer ${deliveryName(this.#options)}`
  }
}
