import { channel } from 'node:diagnostics_channel'
import { setTimeout } from 'node:timers/promises'
import {
  abortable,
  type ConsumerStats,
  type EncodedBatch,
  type Logger,
  QiError,
  retry,
  type Sink,
  type Stream,
  type Subscription,
  TopicCatalogue,
  type Trouble,
  tellFailure,
} from '../../base/index.ts'
import { Commits } from './commits.ts'
import type { DeadLetters } from './deadLetters.ts'
import { Intake } from './intake.ts'
import { Lanes } from './lanes.ts'
import { marketTime } from './marketTime.ts'
import { writeBatches } from './writeBatches.ts'

export interface ConsumerOptions {
  /** For logs and metrics. */
  readonly name: string
  readonly group: string
  readonly topics: readonly string[]
  readonly stream: Stream
  readonly sinks: readonly Sink[]
  readonly deadLetters: DeadLetters
  /** Record types of the topics; default those of the record types themselves. */
  readonly catalogue?: TopicCatalogue
  readonly logger: Logger
  readonly limits?: Partial<ConsumerLimits>
}

export interface ConsumerLimits {
  /** Writes at once; each needs a connection of the sink. */
  readonly lanes: number
  /** Most records in one write. */
  readonly maxRecords: number
  /** How long a small write waits for company, in milliseconds. */
  readonly lingerMs: number
  /** Bytes read ahead and not yet written; above it reading stops. */
  readonly maxBytes: number
  /** On stop, how long what was read may take to be written, in milliseconds. */
  readonly drainMs: number
}

const MIB = 1024 * 1024
const DEFAULT_LIMITS: ConsumerLimits = { lanes: 2, maxRecords: 20_000, lingerMs: 5, maxBytes: 16 * MIB, drainMs: 10_000 }

/** What is published on the diagnostics channel `qicore:consumer` after each write. */
export interface ConsumerWrite {
  readonly consumer: string
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

/**
 * Stream → sinks: reads as a member of a group, writes in lanes, sets aside what cannot be stored, and only then acknowledges.
 * A write that fails is tried again until it succeeds. Meanwhile nothing more of its topic is read; other topics go on.
 */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #limits: ConsumerLimits
  readonly #catalogue: TopicCatalogue
  readonly #counts = { read: 0, written: 0, overwritten: 0, deadLettered: 0, writes: 0 }
  #state: Exclude<ConsumerStats['state'], 'retrying'> = 'idle'
  /** One for each write that is tried again. */
  readonly #troubles = new Set<Trouble>()
  #damage: ConsumerStats['damage']
  #lastWriteAt: number | undefined
  #intake: Intake | undefined

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#catalogue = options.catalogue ?? new TopicCatalogue()
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
  }

  stats(): ConsumerStats {
    const [trouble] = [...this.#troubles].toSorted((a, b) => a.since - b.since)
    return {
      name: this.#options.name,
      group: this.#options.group,
      topics: this.#options.topics,
      members: 1,
      sinks: this.#options.sinks.map((sink) => sink.name),
      state: trouble && this.#state === 'running' ? 'retrying' : this.#state,
      ...(trouble && { trouble }),
      ...(this.#damage && { damage: this.#damage }),
      ...this.#counts,
      waiting: this.#intake?.depth ?? 0,
      ...(this.#lastWriteAt && { lastWriteAt: this.#lastWriteAt }),
    }
  }

  /**
   * Runs until the signal aborts, then writes what it has read, commits and leaves the group.
   * @throws QiError when the stream or a sink fails for good; what was not acknowledged is delivered again
   */
  async run(signal: AbortSignal): Promise<void> {
    const { name, stream, group, topics, logger } = this.#options
    const { lanes, drainMs } = this.#limits
    const subscription = await stream.subscribe({ group, topics, maxBytes: Math.min(MIB, this.#limits.maxBytes / 8) })
    const intake = new Intake({ ...this.#limits, fewRecords: 500 }, (batch) => subscription.holds(batch))
    this.#intake = intake
    const halt = new AbortController()
    const commits = new Commits(subscription, { name, logger, signal: halt.signal })
    const lane = async (wanted: () => boolean) => {
      let committed = Promise.resolve()
      for (let batches = await intake.take(wanted); batches; batches = await intake.take(wanted)) {
        await this.#settle(batches, halt.signal, working)
        // At most one write of a lane is ahead of its commit, which bounds what a restart delivers again.
        await committed
        committed = commits.add(batches.filter((batch) => subscription.holds(batch)).map((batch) => batch.next))
        intake.done(batches)
        for (const batch of batches) batch.release()
      }
      await committed
    }
    this.#state = 'running'
    const working = new Lanes({ count: lanes, subscription, intake, run: lane })
    try {
      working.finished.catch(() => intake.end({ drop: true }))
      await Promise.race([working.finished, this.#read(subscription, intake, working, signal)])
      intake.end()
      const finished = new AbortController()
      const deadline = setTimeout(drainMs, undefined, { signal: finished.signal }).then(
        () => halt.abort(),
        () => {},
      )
      await working.finished.catch((error: unknown) => {
        if (!halt.signal.aborted) throw error
        logger.warn({ waiting: intake.depth }, 'stopped before all that was read could be written; it is delivered again')
      })
      finished.abort()
      await deadline
    } finally {
      intake.end({ drop: true })
      this.#state = 'stopped'
      await subscription.close()
    }
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

  /** Every record of the batches is stored or set aside when this resolves. */
  async #settle(batches: readonly EncodedBatch[], signal: AbortSignal, lanes: Lanes): Promise<void> {
    const topic = (batches[0] as EncodedBatch).topic
    const type = this.#catalogue.typeOf(topic)
    if (!type) throw new QiError('INTERNAL', `the consumer ${this.#options.name} reads ${topic}, which carries no record type`)
    const started = performance.now()
    const persist = <T>(target: string, write: () => Promise<T>) => this.#persist({ topic, target, lanes, signal }, write)
    const readable = batches.filter(({ damage }) => !damage)
    const total = batches.reduce((sum, batch) => sum + batch.length, 0)
    const { letters, overwritten } = await writeBatches(type, batches, {
      sinks: this.#options.sinks,
      signal,
      persist,
    })
    if (letters.length > 0) await persist('the dead-letter topic', () => this.#options.deadLetters.put(letters))
    const damaged = letters.filter(({ stage }) => stage === 'read')
    const failed = letters.length - damaged.length
    if (damaged.length > 0)
      this.#damage = { at: Date.now(), error: new QiError('BAD_DATA', damaged.map(({ reason }) => reason).join('; ')) }
    const written = total - failed - overwritten
    this.#counts.written += written
    this.#counts.overwritten += overwritten
    this.#counts.deadLettered += letters.length
    this.#counts.writes++
    this.#lastWriteAt = Date.now()
    if (writes.hasSubscribers)
      writes.publish({
        consumer: this.#options.name,
        topic,
        written,
        overwritten,
        failed,
        damaged: damaged.length,
        milliseconds: performance.now() - started,
        oldest: Math.min(...readable.map((batch) => batch.timestamps[0] ?? Number.POSITIVE_INFINITY)),
        market: marketTime(type, readable),
      } satisfies ConsumerWrite)
  }

  /** Repeats what can be mended by waiting, for as long as it takes or until the signal aborts. */
  async #persist<T>({ topic, target, lanes, signal }: Persisting, operation: () => Promise<T>): Promise<T> {
    let trouble: Trouble | undefined
    try {
      return await retry(operation, {
        signal,
        attempts: Number.POSITIVE_INFINITY,
        totalMs: Number.POSITIVE_INFINITY,
        baseMs: 100,
        maxMs: 5_000,
        onRetry: ({ error, waitMs }) => {
          tellFailure(`consumer ${this.#options.name}`, error)
          if (trouble) this.#troubles.delete(trouble)
          else lanes.trouble(topic)
          trouble = { since: trouble?.since ?? Date.now(), error, againAt: Date.now() + waitMs }
          this.#troubles.add(trouble)
          this.#options.logger.warn({ error, waitMs, target, topic }, `${this.#options.name}: ${target} failed; trying again`)
        },
      })
    } finally {
      if (trouble) {
        this.#troubles.delete(trouble)
        lanes.recovered(topic)
      }
    }
  }
}

interface Persisting {
  readonly topic: string
  /** The sink, for the log. */
  readonly target: string
  readonly lanes: Lanes
  readonly signal: AbortSignal
}
