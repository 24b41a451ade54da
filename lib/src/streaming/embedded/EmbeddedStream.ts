import type { ClientBase } from 'pg'
import {
  type AppendOptions,
  type CheckResult,
  type ClusterDescription,
  type EncodedBatch,
  type GroupDescription,
  type Logger,
  type Message,
  type PartitionLag,
  type Position,
  QiError,
  type ReadOptions,
  type Stream,
  type SubscribeOptions,
  type Subscription,
  type TopicDescription,
} from '../../base/types/index.ts'
import { type AbandonedGroup, abandonedGroups } from './admin/abandonedGroups.ts'
import { check } from './admin/check.ts'
import { describeCluster } from './admin/cluster.ts'
import { GroupAdmin } from './admin/GroupAdmin.ts'
import { positionsAt } from './admin/positionsAt.ts'
import { Retention } from './admin/Retention.ts'
import { TopicAdmin } from './admin/TopicAdmin.ts'
import { Appender } from './append/Appender.ts'
import { type Connections, closedError } from './Connections.ts'
import type { EmbeddedStreamConfig } from './EmbeddedStreamConfig.ts'
import { EmbeddedSubscription } from './group/EmbeddedSubscription.ts'
import { GroupMember } from './group/GroupMember.ts'
import { Listener } from './Listener.ts'
import { ReadAhead } from './read/ReadAhead.ts'
import { DEFAULT_MAX_BYTES, read } from './read/read.ts'

/** Partitions of a topic that is created without a count. */
const DEFAULT_PARTITIONS = 6

/** The stream as a log in a PostgreSQL database. Opened by {@link openEmbeddedStream}. */
export class EmbeddedStream implements Stream {
  readonly engine = 'embedded'
  readonly #connections: Connections
  readonly #config: EmbeddedStreamConfig
  readonly #logger: Logger
  readonly #topics: TopicAdmin
  readonly #groups: GroupAdmin
  readonly #listener: Listener
  readonly #appender: Appender
  readonly #retention: Retention
  readonly #subscriptions = new Set<Subscription>()
  readonly #closed = new AbortController()
  #closing: Promise<void> | undefined

  constructor(connections: Connections, config: EmbeddedStreamConfig, logger: Logger) {
    this.#connections = connections
    this.#config = config
    this.#logger = logger
    this.#topics = new TopicAdmin(connections)
    this.#groups = new GroupAdmin(connections, this.#topics)
    this.#listener = new Listener(connections, logger)
    this.#listener.subscribe((notice) => {
      if (!notice || notice.kind === 'topics') this.#topics.forget()
    })
    this.#appender = new Appender(connections, this.#topics, {
      maxMessageBytes: config.max_message_bytes,
      lockTimeoutMs: config.lock_timeout_ms,
      logger,
      listener: this.#listener,
    })
    this.#retention = new Retention(connections, {
      retentionMs: config.retention_ms,
      unreadRetentionMs: config.unread_retention_ms,
      logger,
    })
  }

  /** Starts listening for notices of new messages. */
  open(): Promise<void> {
    return this.#listener.open()
  }

  async createTopics(names: readonly string[], options: { readonly partitions?: number } = {}): Promise<void> {
    this.#checkOpen()
    await this.#topics.create(names, options.partitions ?? DEFAULT_PARTITIONS)
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    this.#checkOpen()
    await this.#topics.delete(names)
  }

  async describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    this.#checkOpen()
    return this.#topics.describe(names)
  }

  async positionsAt(topics: readonly string[], at: number): Promise<readonly Position[]> {
    this.#checkOpen()
    return positionsAt(this.#connections, await Promise.all(topics.map((topic) => this.#topics.get(topic))), at)
  }

  async append(topic: string, messages: readonly Message[], options?: AppendOptions): Promise<readonly Position[]> {
    this.#checkOpen()
    return this.#appender.append(topic, messages, options)
  }

  /**
   * Appends within a transaction that the caller began on a connection to the same database: the messages become visible when it
   * commits. Until then other producers of the same partitions wait, so the server ends the transaction if it idles for half of
   * `lock_timeout_ms`.
   */
  async appendIn(client: ClientBase, topic: string, messages: readonly Message[]): Promise<readonly Position[]> {
    this.#checkOpen()
    return this.#appender.appendIn(client, topic, messages)
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#checkOpen()
    if (options.topics.length === 0) throw new QiError('BAD_REQUEST', 'subscribe: topics is empty; name at least one')
    if (options.signal?.aborted) throw new QiError('CANCELLED', 'subscribe was cancelled')
    const topics = [...new Set(options.topics)]
    await Promise.all(topics.map((topic) => this.#topics.get(topic)))
    const shared = { connections: this.#connections, logger: this.#logger }
    const reader = new ReadAhead({ ...shared, maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES })
    const { revoke_grace_ms: revokeGraceMs } = this.#config
    const member = new GroupMember({
      ...shared,
      reader,
      group: options.group,
      topics,
      from: options.from ?? 'earliest',
      revokeGraceMs,
    })
    const close = () => void subscription.close()
    const subscription = new EmbeddedSubscription({
      reader,
      member,
      listener: this.#listener,
      bounds: ({ topic, partition }) => this.#topics.bounds(topic, partition),
      onClose: () => {
        this.#subscriptions.delete(subscription)
        options.signal?.removeEventListener('abort', close)
      },
    })
    this.#subscriptions.add(subscription)
    try {
      await member.open()
    } catch (error) {
      await subscription.close()
      throw error
    }
    options.signal?.addEventListener('abort', close, { once: true })
    if (this.#closed.signal.aborted || options.signal?.aborted) close()
    return subscription
  }

  read(options: ReadOptions): AsyncIterable<EncodedBatch> {
    this.#checkOpen()
    return read(
      {
        connections: this.#connections,
        topics: this.#topics,
        listener: this.#listener,
        logger: this.#logger,
        closed: this.#closed.signal,
      },
      options,
    )
  }

  async lag(group: string): Promise<readonly PartitionLag[]> {
    this.#checkOpen()
    return this.#groups.lag(group)
  }

  async describeGroups(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    this.#checkOpen()
    return this.#groups.describe(names)
  }

  async describeCluster(): Promise<ClusterDescription> {
    this.#checkOpen()
    return describeCluster(this.#connections)
  }

  async resetOffsets(group: string, positions: readonly Position[]): Promise<void> {
    this.#checkOpen()
    await this.#groups.reset(group, positions)
  }

  async deleteGroup(group: string): Promise<void> {
    this.#checkOpen()
    await this.#groups.delete(group)
  }

  /** Drops expired chunks now; they are dropped once a minute anyway. @returns the number of chunks dropped */
  async dropExpired(): Promise<number> {
    this.#checkOpen()
    return this.#retention.drop()
  }

  /** Groups without a live member whose unread messages cannot be dropped. */
  async abandonedGroups(): Promise<readonly AbandonedGroup[]> {
    this.#checkOpen()
    return abandonedGroups(this.#connections)
  }

  async check(): Promise<CheckResult> {
    return check(this.#connections)
  }

  #checkOpen(): void {
    if (this.#closed.signal.aborted) throw closedError()
  }

  /** Ends subscriptions and reads, waits for pending appends, then closes the database connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    await this.#appender.close()
    await this.#retention.close()
    await this.#listener.close()
    await this.#connections.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
