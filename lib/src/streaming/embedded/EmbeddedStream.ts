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
} from '../../base/index.ts'
import { type AbandonedGroup, abandonedGroups } from './abandoned.ts'
import { Appender } from './appender.ts'
import { check } from './check.ts'
import type { EmbeddedStreamConfig } from './config.ts'
import { type Connections, closedError } from './connections.ts'
import { deleteGroup } from './deleteGroup.ts'
import { describeGroups, describeServer } from './inspect.ts'
import { Listener } from './listener.ts'
import { Membership } from './membership.ts'
import * as offsets from './offsets.ts'
import { DEFAULT_MAX_BYTES, read } from './read.ts'
import { Reader } from './reader.ts'
import { Retention } from './retention.ts'
import { EmbeddedSubscription } from './subscription.ts'
import { Topics } from './topics.ts'

/** Of a topic that is created without a number. */
const PARTITIONS = 6

/** The log in a PostgreSQL. Opened by {@link openEmbeddedStream}. */
export class EmbeddedStream implements Stream {
  readonly engine = 'embedded'
  readonly #connections: Connections
  readonly #config: EmbeddedStreamConfig
  readonly #logger: Logger
  readonly #topics: Topics
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
    this.#topics = new Topics(connections)
    this.#listener = new Listener(connections, logger)
    this.#listener.hear((notice) => {
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

  /** Begins to hear of new messages. */
  open(): Promise<void> {
    return this.#listener.open()
  }

  async createTopics(names: readonly string[], options: { readonly partitions?: number } = {}): Promise<void> {
    this.#checkOpen()
    await this.#topics.create(names, options.partitions ?? PARTITIONS)
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    this.#checkOpen()
    await this.#topics.delete(names)
  }

  async describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    this.#checkOpen()
    return this.#topics.describe(names)
  }

  async append(topic: string, messages: readonly Message[], options?: AppendOptions): Promise<readonly Position[]> {
    this.#checkOpen()
    return this.#appender.append(topic, messages, options)
  }

  /**
   * Appends within a transaction that the caller has begun on a connection to the same database: the messages are there when it
   * commits. Producers of the same partitions wait for it; the server ends it when it idles for half of `lock_timeout_ms`.
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
    const reader = new Reader({ ...shared, maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES })
    const { revoke_grace_ms: revokeGraceMs } = this.#config
    const membership = new Membership({
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
      membership,
      listener: this.#listener,
      bounds: ({ topic, partition }) => this.#topics.bounds(topic, partition),
      onClose: () => {
        this.#subscriptions.delete(subscription)
        options.signal?.removeEventListener('abort', close)
      },
    })
    this.#subscriptions.add(subscription)
    try {
      await membership.open()
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
    return offsets.lag(this.#connections, group)
  }

  async describeGroups(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    this.#checkOpen()
    return describeGroups(this.#connections, names)
  }

  async describeCluster(): Promise<ClusterDescription> {
    this.#checkOpen()
    return describeServer(this.#connections)
  }

  async resetOffsets(group: string, positions: readonly Position[]): Promise<void> {
    this.#checkOpen()
    await offsets.resetOffsets(this.#connections, this.#topics, group, positions)
  }

  async deleteGroup(group: string): Promise<void> {
    this.#checkOpen()
    await deleteGroup(this.#connections, group)
  }

  /** Drops what is past its retention now, instead of within a minute. @returns chunks dropped */
  async dropExpired(): Promise<number> {
    this.#checkOpen()
    return this.#retention.drop()
  }

  /** Groups that nobody reads for and that keep messages from being dropped. */
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

  /** Ends the subscriptions and reads, waits for appends on their way, and lets go of the database. */
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
