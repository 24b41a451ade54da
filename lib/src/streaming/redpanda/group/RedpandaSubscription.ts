import {
  type EncodedBatch,
  type Logger,
  PausedPartitions,
  type Position,
  QiError,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
  toQiError,
} from '../../../base/types/index.ts'
import { RETRY_DELAY_MS } from '../connection.ts'
import { hasApiError } from '../errors.ts'
import { type CursorStart, partitionKey } from '../read/Cursor.ts'
import type { ReadAhead } from '../read/ReadAhead.ts'
import { openReadAhead, type ReadingContext } from '../read/read.ts'
import { GroupMember, type Membership } from './GroupMember.ts'
import { OffsetCommits, STALE_MEMBERSHIP } from './OffsetCommits.ts'

/** How long close() waits for a commit in flight. */
const LAST_COMMIT_MS = 5_000

/**
 * A group member, its reader and its commits behind the {@link Subscription} contract. While the group rebalances the reader is
 * suspended; each new membership is placed, which means that the start of each partition is looked up and reading resumes.
 */
export class RedpandaSubscription implements Subscription {
  readonly #context: ReadingContext
  readonly #options: SubscribeOptions
  readonly #logger: Logger
  readonly #reader: ReadAhead
  readonly #member: GroupMember
  readonly #commits: OffsetCommits
  readonly #onClose: (subscription: RedpandaSubscription) => void
  readonly #paused = new PausedPartitions()
  /** The membership in which reading was started last. */
  #placed: Membership | undefined
  #placing: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  private constructor(context: ReadingContext, options: SubscribeOptions, onClose: (subscription: RedpandaSubscription) => void) {
    this.#context = context
    this.#options = options
    this.#logger = context.logger.child({ group: options.group })
    this.#onClose = onClose
    this.#reader = openReadAhead({ ...context, logger: this.#logger }, options.topics, options.maxBytes)
    const events = {
      assigned: (membership: Membership) => {
        this.#placing = this.#placing.then(() => this.#place(membership))
      },
      revoked: () => this.#reader.suspend(),
    }
    this.#member = new GroupMember(context.settings, options.group, options.topics, events, this.#logger)
    this.#commits = new OffsetCommits({
      member: this.#member,
      deliveryTimeoutMs: context.settings.config.delivery_timeout_ms,
      membership: () => (this.#placed === this.#member.membership ? this.#placed : undefined),
      cursor: (partition) => this.#reader.cursor(partition),
    })
  }

  /** Joins the group; resolves once its partitions are known. */
  static async open(
    context: ReadingContext,
    options: SubscribeOptions,
    onClose: (subscription: RedpandaSubscription) => void,
  ): Promise<RedpandaSubscription> {
    if (options.signal?.aborted) throw new QiError('CANCELLED', 'subscribe was cancelled', { cause: options.signal.reason })
    await context.topics.partitionCounts(options.topics)
    const subscription = new RedpandaSubscription(context, options, onClose)
    try {
      await subscription.#member.join()
      await subscription.#placing
    } catch (error) {
      await subscription.close()
      throw error
    }
    options.signal?.addEventListener('abort', subscription.#abort, { once: true })
    if (options.signal?.aborted) subscription.#abort()
    return subscription
  }

  assignments(): readonly TopicPartition[] {
    return this.#member.membership?.partitions ?? []
  }

  holds(batch: EncodedBatch): boolean {
    return this.#reader.holds(batch)
  }

  async commit(positions: readonly Position[]): Promise<void> {
    if (this.#closing) throw new QiError('CLOSED', 'the subscription was closed')
    await this.#commits.commit(positions.filter((position) => this.#reader.cursor(position)?.settle(position.offset)))
  }

  pause(partitions?: readonly TopicPartition[]): void {
    this.#paused.pause(partitions)
    this.#reader.pause(partitions)
  }

  resume(partitions?: readonly TopicPartition[]): void {
    this.#paused.resume(partitions)
    this.#reader.resume(partitions)
  }

  async seek(position: Position): Promise<void> {
    if (this.#closing) throw new QiError('CLOSED', 'the subscription was closed')
    const where = `partition ${position.partition} of topic ${position.topic}`
    if (!this.#reader.cursor(position))
      throw new QiError('BAD_REQUEST', `${where} is not owned by this member of group ${this.#options.group}`)
    const [earliest, latest] = await Promise.all([
      this.#context.topics.offsets([position], 'earliest'),
      this.#context.topics.offsets([position], 'latest'),
    ])
    const [low, high] = [earliest[0] as Position, latest[0] as Position]
    if (position.offset < low.offset || position.offset > high.offset)
      throw new QiError(
        'BAD_REQUEST',
        `offset ${position.offset} is not in ${where}, which holds ${low.offset} to ${high.offset}`,
        { field: 'offset' },
      )
    this.#reader.seek(position)
  }

  [Symbol.asyncIterator](): AsyncIterator<EncodedBatch, undefined> {
    return {
      next: async () => {
        const value = await this.#reader.next()
        return value ? { done: false, value } : { done: true, value: undefined }
      },
      return: async () => ({ done: true, value: undefined }),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    const read = this.#reader.close()
    await Promise.race([this.#commits.settled(), new Promise((resolve) => setTimeout(resolve, LAST_COMMIT_MS).unref())])
    await Promise.all([read, this.#member.close()])
    this.#onClose(this)
  }

  readonly #abort = (): void => void this.close()

  /** Starts reading the assigned partitions; retried until it succeeds or the membership is over. */
  async #place(membership: Membership): Promise<void> {
    while (!this.#closing && this.#member.membership === membership) {
      try {
        await this.#tryPlace(membership)
        return
      } catch (error) {
        const failure = toQiError(error)
        if (!failure.retryable) return this.#reader.fail(failure)
        this.#logger.debug({ err: failure }, 'the start of the assigned partitions is not known yet; retrying')
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS))
      }
    }
  }

  async #tryPlace(membership: Membership): Promise<void> {
    const before = this.#placed
    const had = new Set(before?.partitions.map(partitionKey))
    // True if no generation came between in which other members could have read.
    const unbroken = before?.memberId === membership.memberId && membership.generation === before.generation + 1
    const known = (partition: TopicPartition) => unbroken && had.has(partitionKey(partition)) && this.#reader.cursor(partition)
    const unknown = membership.partitions.filter((partition) => !known(partition))
    const starts = await this.#starts(membership, unknown, had)
    if (this.#member.membership !== membership) return
    const fresh = new Set(starts.map(partitionKey))
    const kept = membership.partitions.filter((partition) => !fresh.has(partitionKey(partition)))
    this.#reader.assign(starts, kept)
    this.#placed = membership
    const paused = membership.partitions.filter((partition) => this.#paused.has(partition))
    if (paused.length > 0) this.#reader.pause(paused)
    this.#logger.info(
      { generation: membership.generation, partitions: membership.partitions.length, kept: kept.length },
      'partitions assigned',
    )
  }

  /** The starts of the partitions that do not continue at their old position. */
  async #starts(membership: Membership, partitions: readonly TopicPartition[], had: ReadonlySet<string>): Promise<CursorStart[]> {
    if (partitions.length === 0) return []
    const committed = await this.#member.committed(partitions)
    const cursor = (partition: TopicPartition) => (had.has(partitionKey(partition)) ? this.#reader.cursor(partition) : undefined)
    const from = this.#options.from ?? 'earliest'
    const uncommitted = partitions.filter((partition) => !committed.has(partitionKey(partition)) && !cursor(partition))
    const initial = await this.#context.topics.offsets(uncommitted, from)
    // Without this commit a member that takes over or restarts would begin at a later end and miss the messages between.
    if (from === 'latest' && initial.length > 0) await this.#commitInitial(membership, initial)
    const begin = new Map(initial.map((position) => [partitionKey(position), position.offset]))
    return partitions.flatMap(({ topic, partition }) => {
      const key = partitionKey({ topic, partition })
      const offset = committed.get(key) ?? begin.get(key)
      const own = cursor({ topic, partition })
      // Continue at the old position: no other member has committed more than this one asked for, and nobody reset the offsets.
      if (own && (offset === undefined || (offset >= own.committed && offset <= own.settled))) return []
      return [{ topic, partition, offset: offset ?? 0n }]
    })
  }

  async #commitInitial(membership: Membership, initial: readonly Position[]): Promise<void> {
    try {
      await this.#member.commit(membership, initial)
    } catch (error) {
      // The next membership repeats it.
      if (hasApiError(toQiError(error), ...STALE_MEMBERSHIP))
        throw new QiError('UNAVAILABLE', 'the group is rebalancing', { cause: error })
      throw error
    }
  }
}
