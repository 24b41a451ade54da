import { channel } from 'node:diagnostics_channel'
import { setTimeout } from 'node:timers/promises'
import { abortable, retry } from '../../../base/networking/index.ts'
import {
  CONSUMER_CHANNEL,
  type DeliveryState,
  type DeliveryStats,
  type DeliveryWrite,
  emitFailure,
  isSegmentSink,
  type Logger,
  QiError,
  type RecordType,
  type Sink,
  type Stream,
  type Subscription,
  TopicCatalogue,
} from '../../../base/types/index.ts'
import type { DeadLetters } from '../deadLetters/DeadLetters.ts'
import type { DeadLetter } from '../deadLetters/letter.ts'
import { addressedTo, DEFAULT_DELIVERY, type DeliveryKey, type DeliverySettings, deliveryName, groupOf } from '../delivery.ts'
import { LagWatch } from '../lag/LagWatch.ts'
import { Attempts } from './Attempts.ts'
import { Commits } from './Commits.ts'
import { closeWithin } from './closeWithin.ts'
import { Intake } from './Intake.ts'
import { LanePool } from './LanePool.ts'
import type { LaneOutcome, LaneParts } from './lane.ts'
import { marketTime } from './marketTime.ts'
import { runRowLane } from './rowLane.ts'
import { runSegmentLane } from './segmentLane.ts'

export interface DeliveryMemberOptions extends DeliveryKey {
  /** Default: {@link groupOf} the delivery. */
  readonly group?: string
  readonly topics: readonly string[]
  readonly stream: Stream
  /** Opens the destination; called again after a failure. The signal aborts when the member no longer needs it. */
  readonly open: (signal: AbortSignal) => Promise<Sink>
  readonly deadLetters: DeadLetters
  /** Record types of the topics; default: the built-in topics. */
  readonly catalogue?: TopicCatalogue
  readonly logger: Logger
  readonly settings?: Partial<DeliverySettings>
}

const writes = channel(CONSUMER_CHANNEL)
const MIB = 1024 * 1024
/** This many records are written without waiting for more. */
const FEW_RECORDS = 500

/**
 * One member of a delivery's consumer group: reads the stream, writes to the destination in lanes, turns what cannot be written into dead
 * letters, and only then acknowledges.
 *
 * | state | entered | left |
 * |---|---|---|
 * | `idle` | at the start | {@link run} |
 * | `opening` | {@link run} has joined the group; after a skip, {@link run} joins again | the destination is open: `running` · the signal aborts: `stopped` · the lag is over its bound: skip, then `opening` |
 * | `running` | the destination is open | the signal aborts: it drains, then `stopped` · the lag is over its bound: skip, then `opening` · the stream fails for good: `stopped` |
 * | `stopped` | {@link run} has ended | {@link run}, as after a restart |
 *
 * While `opening` or `running`, {@link stats} shows `parked`, `retrying` or `stalled` instead where {@link Attempts} says so.
 */
export class DeliveryMember {
  readonly #options: DeliveryMemberOptions
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

  constructor(options: DeliveryMemberOptions) {
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
    return {
      name: deliveryName(this.#options),
      pipeline: this.#options.pipeline,
      destination: this.#options.destination,
      group: this.#group,
      topics: this.#options.topics,
      members: 1,
      state: this.#shownState,
      ...(this.#active && trouble && { trouble }),
      ...(this.#damage && { damage: this.#damage }),
      ...(this.#skip && { skip: this.#skip }),
      ...this.#counts,
      waiting: (this.#intake?.depth ?? 0) + this.#collected,
      ...(this.#lastWriteAt && { lastWriteAt: this.#lastWriteAt }),
    }
  }

  /**
   * Runs until the signal aborts, then writes what it has read, commits and leaves the group.
   * @throws QiError when the stream fails for good; what was not acknowledged is delivered again. INTERNAL where it runs already
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#active) throw new QiError('INTERNAL', `${this.#part} runs already`)
    try {
      while (!signal.aborted) await this.#session(signal)
    } finally {
      this.#state = 'stopped'
    }
  }

  get #active(): boolean {
    return this.#state === 'running' || this.#state === 'opening'
  }

  /** Of a destination that is not open yet only `parked` is worth showing: opening is retried forever. */
  get #shownState(): DeliveryState {
    if (!this.#active) return this.#state
    const { state } = this.#attempts
    if (state === 'parked') return 'parked'
    return this.#state === 'opening' || state === 'working' ? this.#state : state
  }

  /** From joining the group to leaving it. Ends when the signal aborts, or to skip records beyond the bound of the lag. */
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

  /** Opens the destination, retrying until it succeeds; undefined when the session ends first. */
  async #opened(ending: AbortSignal): Promise<Sink | undefined> {
    const { open, topics, destination } = this.#options
    const opening = async () => {
      const opened = open(ending)
      // A destination that opens after the session has ended is closed at once.
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
      // Forever: there is no record yet that could become a dead letter.
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
    const commits = new Commits(subscription, { part: this.#part, logger, signal: halt.signal })
    const parts = (pool: LanePool): LaneParts => ({
      ...{ pipeline, destination, subscription, intake, commits, logger, pool, signal: halt.signal },
      attempts: this.#attempts,
      typeOf: (topic) => this.#typeOf(topic),
      addressed: (batch) => addressedTo([this.#group], batch),
      settled: (settled) => this.#settled(settled, halt.signal),
      collected: (records) => {
        this.#collected += records
      },
    })
    this.#state = 'running'
    const pool = new LanePool({
      count,
      subscription,
      intake,
      run: (pool, wanted, index) =>
        isSegmentSink(sink) ? runSegmentLane(sink, parts(pool), { index, lanes: count }) : runRowLane(sink, parts(pool), wanted),
    })
    try {
      pool.finished.catch(() => intake.end({ drop: true }))
      await Promise.race([pool.finished, this.#read(subscription, intake, pool, ending)])
      intake.end()
      await this.#drain(pool, halt, hurry)
    } finally {
      intake.end({ drop: true })
      this.#intake = undefined
      this.#collected = 0
    }
  }

  /** Waits up to `drainMs` for the lanes to write what was read, then halts them. */
  async #drain(pool: LanePool, halt: AbortController, hurry: AbortSignal): Promise<void> {
    const finished = new AbortController()
    const waiting = this.#intake?.depth
    const parked = this.#attempts.state === 'parked'
    const deadline = setTimeout(parked || hurry.aborted ? 0 : this.#settings.drainMs, undefined, {
      signal: finished.signal,
    }).then(
      () => halt.abort(),
      () => {},
    )
    await pool.finished.catch((error: unknown) => {
      if (!halt.signal.aborted) throw error
      this.#options.logger.warn({ waiting }, 'stopped before all records that were read were written; they are delivered again')
    })
    finished.abort()
    await deadline
  }

  async #read(subscription: Subscription, intake: Intake, pool: LanePool, signal: AbortSignal): Promise<void> {
    const iterator = subscription[Symbol.asyncIterator]()
    try {
      for (;;) {
        const pull = iterator.next()
        // After an abort nothing awaits the pull: closing the subscription ends it.
        pull.catch(() => {})
        const next = await abortable(pull, signal)
        if (next.done) return
        this.#counts.read += next.value.length
        pool.read({ topic: next.value.topic, partition: next.value.partition })
        await abortable(intake.put(next.value), signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #settled({ type, batches, letters, written, overwritten, started }: LaneOutcome, signal: AbortSignal): Promise<void> {
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
    } satisfies DeliveryWrite)
  }

  /** Retries forever: the letters go to the stream, so the destination's failure policy does not apply. */
  #put(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> {
    return retry(() => this.#options.deadLetters.put(letters), {
      signal,
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
      baseMs: 100,
      maxMs: 5_000,
      onRetry: ({ error, waitMs }) => {
        emitFailure(this.#part, error)
        this.#options.logger.warn({ err: error, waitMs }, `${this.#part}: dead letters could not be kept; trying again`)
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
