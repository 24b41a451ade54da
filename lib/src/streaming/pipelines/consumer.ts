import { channel } from 'node:diagnostics_channel'
import { setTimeout } from 'node:timers/promises'
import {
  abortable,
  type ConsumerStats,
  type EncodedBatch,
  type Logger,
  QiError,
  recordTypeOfTopic,
  retry,
  type Sink,
  type Stream,
  type Subscription,
  tellFailure,
} from '../../base/index.ts'
import { Commits } from './commits.ts'
import type { DeadLetters } from './deadLetters.ts'
import { Intake } from './intake.ts'
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
 * A sink that is down is tried again until it is back; reading stops meanwhile, since the intake is bounded.
 */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #limits: ConsumerLimits
  readonly #counts = { read: 0, written: 0, overwritten: 0, deadLettered: 0, writes: 0 }
  #state: ConsumerStats['state'] = 'idle'
  #trouble: ConsumerStats['trouble']
  #damage: ConsumerStats['damage']
  #lastWriteAt: number | undefined
  #intake: Intake | undefined

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
  }

  stats(): ConsumerStats {
    return {
      name: this.#options.name,
      group: this.#options.group,
      topics: this.#options.topics,
      members: 1,
      sinks: this.#options.sinks.map((sink) => sink.name),
      state: this.#state,
      ...(this.#trouble && { trouble: this.#trouble }),
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
    const lane = async () => {
      let committed = Promise.resolve()
      for (let batches = await intake.take(); batches; batches = await intake.take()) {
        await this.#settle(batches, halt.signal)
        // At most one write of a lane is ahead of its commit, which bounds what a restart delivers again.
        await committed
        committed = commits.add(batches.filter((batch) => subscription.holds(batch)).map((batch) => batch.next))
        intake.done(batches)
        for (const batch of batches) batch.release()
      }
      await committed
    }
    this.#state = 'running'
    try {
      const working = Promise.all(Array.from({ length: lanes }, lane))
      working.catch(() => intake.end({ drop: true }))
      await Promise.race([working, this.#read(subscription, intake, signal)])
      intake.end()
      const finished = new AbortController()
      const deadline = setTimeout(drainMs, undefined, { signal: finished.signal }).then(
        () => halt.abort(),
        () => {},
      )
      await working.catch((error: unknown) => {
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

  async #read(subscription: Subscription, intake: Intake, signal: AbortSignal): Promise<void> {
    const iterator = subscription[Symbol.asyncIterator]()
    try {
      for (;;) {
        const pull = iterator.next()
        // After an abort nobody awaits the pull: closing the subscription ends it.
        pull.catch(() => {})
        const next = await abortable(pull, signal)
        if (next.done) return
        this.#counts.read += next.value.length
        await abortable(intake.put(next.value), signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Every record of the batches is stored or set aside when this resolves. */
  async #settle(batches: readonly EncodedBatch[], signal: AbortSignal): Promise<void> {
    const topic = (batches[0] as EncodedBatch).topic
    const type = recordTypeOfTopic(topic)
    if (!type) throw new QiError('INTERNAL', `the consumer ${this.#options.name} reads ${topic}, which carries no record type`)
    const started = performance.now()
    const readable = batches.filter(({ damage }) => !damage)
    const total = batches.reduce((sum, batch) => sum + batch.length, 0)
    const { letters, overwritten } = await writeBatches(type, batches, {
      sinks: this.#options.sinks,
      signal,
      persist: (target, write) => this.#persist(target, signal, write),
    })
    if (letters.length > 0) await this.#persist('the dead-letter topic', signal, () => this.#options.deadLetters.put(letters))
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
  async #persist<T>(target: string, signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    const result = await retry(operation, {
      signal,
      attempts: Number.POSITIVE_INFINITY,
      totalMs: Number.POSITIVE_INFINITY,
      baseMs: 100,
      maxMs: 5_000,
      onRetry: ({ error, waitMs }) => {
        tellFailure(`consumer ${this.#options.name}`, error)
        this.#trouble = { since: this.#trouble?.since ?? Date.now(), error, againAt: Date.now() + waitMs }
        this.#state = 'retrying'
        this.#options.logger.warn({ error, waitMs, target }, `${this.#options.name}: ${target} failed; trying again`)
      },
    })
    this.#trouble = undefined
    if (this.#state === 'retrying') this.#state = 'running'
    return result
  }
}
