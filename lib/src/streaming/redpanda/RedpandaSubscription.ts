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
} from '../../base/index.ts'
import { RETRY_DELAY_MS } from './connection.ts'
import { hasApiError } from './errors.ts'
import { GroupMember, type Membership } from './GroupMember.ts'
import { OffsetCommits, REJOINED } from './OffsetCommits.ts'
import type { ReadAhead } from './ReadAhead.ts'
import { type LaneStart, laneKey, type ReadLane } from './ReadLane.ts'
import { openReadAhead, type ReadingContext } from './reading.ts'

/** How long closing waits for a commit under way. */
const LAST_COMMIT_MS = 5_000

/** A member of a consumer group: membership, what is read ahead, and commits. */
export class RedpandaSubscription implements Subscription {
  readonly #context: ReadingContext
  readonly #options: SubscribeOptions
  readonly #logger: Logger
  readonly #reader: ReadAhead
  readonly #member: GroupMember
  readonly #commits: OffsetCommits
  readonly #onClose: (subscription: RedpandaSubscription) => void
  readonly #paused = new PausedPartitions()
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
      revoked: () => this.#reader.hold(),
    }
    this.#member = new GroupMember(context.settings, options.group, options.topics, events, this.#logger)
    this.#commits = new OffsetCommits({
      member: this.#member,
      deliveryTimeoutMs: context.settings.config.delivery_timeout_ms,
      membership: () => (this.#placed === this.#member.membership ? this.#placed : undefined),
      lane: (partition) => this.#reader.lane(partition),
    })
  }

  /** Joins the group and returns when its partitions are known. */
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
    for (const { lane, offset } of this.#lanesOf(positions)) lane.settled = offset
    await this.#commits.commit(positions)
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
    if (!this.#reader.lane(position))
      throw new QiError('BAD_REQUEST', `${where} is not held by this member of group ${this.#options.group}`)
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

  /** Begins to read what was assigned; trying again until it is, or is no longer, ours. */
  async #place(membership: Membership): Promise<void> {
    while (!this.#closing && this.#member.membership === membership) {
      try {
        await this.#tryPlace(membership)
        return
      } catch (error) {
        const failure = toQiError(error)
        if (!failure.retryable) return this.#reader.fail(failure)
        this.#logger.debug({ err: failure }, 'where to read on is not known yet')
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS))
      }
    }
  }

  async #tryPlace(membership: Membership): Promise<void> {
    const before = this.#placed
    const had = new Set(before?.partitions.map(laneKey))
    // No generation has come between in which others could have read on.
    const unbroken = before?.memberId === membership.memberId && membership.generation === before.generation + 1
    const known = (partition: TopicPartition) => unbroken && had.has(laneKey(partition)) && this.#reader.lane(partition)
    const unknown = membership.partitions.filter((partition) => !known(partition))
    const starts = await this.#starts(membership, unknown, had)
    if (this.#member.membership !== membership) return
    const fresh = new Set(starts.map(laneKey))
    const kept = membership.partitions.filter((partition) => !fresh.has(laneKey(partition)))
    this.#reader.assign(starts, kept)
    this.#placed = membership
    const paused = membership.partitions.filter((partition) => this.#paused.has(partition))
    if (paused.length > 0) this.#reader.pause(paused)
    this.#logger.info(
      { generation: membership.generation, partitions: membership.partitions.length, kept: kept.length },
      'partitions assigned',
    )
  }

  /** Of those that are not read on from where they are. */
  async #starts(membership: Membership, partitions: readonly TopicPartition[], had: ReadonlySet<string>): Promise<LaneStart[]> {
    if (partitions.length === 0) return []
    const committed = await this.#member.committed(partitions)
    const lane = (partition: TopicPartition) => (had.has(laneKey(partition)) ? this.#reader.lane(partition) : undefined)
    const from = this.#options.from ?? 'earliest'
    const uncommitted = partitions.filter((partition) => !committed.has(laneKey(partition)) && !lane(partition))
    const initial = await this.#context.topics.offsets(uncommitted, from)
    // Else a member that takes over, or starts again, would begin at a later end and miss what came between.
    if (from === 'latest' && initial.length > 0) await this.#commitInitial(membership, initial)
    const begin = new Map(initial.map((position) => [laneKey(position), position.offset]))
    return partitions.flatMap(({ topic, partition }) => {
      const key = laneKey({ topic, partition })
      const offset = committed.get(key) ?? begin.get(key)
      const own = lane({ topic, partition })
      // Nobody has committed more than we have settled, nor moved the group back: the place that was lost is ours again as it was.
      if (own && (offset === undefined || (offset >= own.committed && offset <= own.settled))) return []
      return [{ topic, partition, offset: offset ?? 0n }]
    })
  }

  async #commitInitial(membership: Membership, initial: readonly Position[]): Promise<void> {
    try {
      await this.#member.commit(membership, initial)
    } catch (error) {
      // The next membership settles it.
      if (hasApiError(toQiError(error), ...REJOINED)) throw new QiError('UNAVAILABLE', 'the group rebalances', { cause: error })
      throw error
    }
  }

  #lanesOf(positions: readonly Position[]): { readonly lane: ReadLane; readonly offset: bigint }[] {
    return positions.flatMap(({ topic, partition, offset }) => {
      const lane = this.#reader.lane({ topic, partition })
      return lane ? [{ lane, offset }] : []
    })
  }
}
