import { Admin } from '@platformatic/kafka'
import { abortable } from '../../base/networking/index.ts'
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
  silentLogger,
  type TopicDescription,
} from '../../base/types/index.ts'
import { partitionOf } from '../../base/types/wire/index.ts'
import { checkCluster } from './admin/check.ts'
import { describeCluster } from './admin/cluster.ts'
import { GroupAdmin } from './admin/GroupAdmin.ts'
import { TopicAdmin } from './admin/TopicAdmin.ts'
import { Appender } from './append/Appender.ts'
import { KafkaSender } from './append/KafkaSender.ts'
import { toOutgoing } from './append/outgoing.ts'
import { type ConnectionSettings, connectionSettings } from './connection.ts'
import { RedpandaSubscription } from './group/RedpandaSubscription.ts'
import type { RedpandaConfig } from './RedpandaConfig.ts'
import { type ReadingContext, read } from './read/read.ts'
import type { SchemaRegistry } from './registry/index.ts'

const DEFAULT_PARTITIONS = 6
const PARTITION_COUNT_AGE_MS = 30_000

export interface RedpandaOptions {
  readonly logger?: Logger
  /** Registers schemas and gives the schema id put before each value; closed with the stream. Without one, values are plain JSON. */
  readonly registry?: SchemaRegistry
}

interface Closable {
  close(): Promise<void>
}

/** The stream on a Redpanda or Kafka cluster. Opened by {@link openRedpanda}. */
export class RedpandaClient implements Stream {
  readonly engine = 'redpanda'
  readonly #admin: Admin
  readonly #topics: TopicAdmin
  readonly #groups: GroupAdmin
  readonly #appender: Appender
  readonly #settings: ConnectionSettings
  readonly #context: ReadingContext
  readonly #registry: SchemaRegistry | undefined
  readonly #readers = new Set<Closable>()
  readonly #partitions = new Map<string, { count: number; at: number }>()
  #spread = 0
  #closing: Promise<void> | undefined

  /** @throws QiError UNAVAILABLE, TIMEOUT, UNAUTHORIZED, CONFIG_INVALID, after the connect and request timeouts at most */
  static async open(config: RedpandaConfig, { logger = silentLogger, registry }: RedpandaOptions = {}): Promise<Stream> {
    const client = new RedpandaClient(connectionSettings(config), logger, registry)
    const { error } = await client.check()
    if (!error) return client
    await client.close()
    throw error
  }

  private constructor(settings: ConnectionSettings, logger: Logger, registry?: SchemaRegistry) {
    this.#registry = registry
    this.#settings = settings
    this.#admin = new Admin(settings.options)
    this.#topics = new TopicAdmin(this.#admin, settings)
    this.#groups = new GroupAdmin(this.#admin, this.#topics, settings)
    this.#appender = new Appender(new KafkaSender(settings, logger), settings.address)
    this.#context = { settings, topics: this.#topics, logger }
  }

  async createTopics(names: readonly string[], options: { readonly partitions?: number } = {}): Promise<void> {
    this.#checkOpen()
    await this.#topics.create(names, options.partitions ?? DEFAULT_PARTITIONS)
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    this.#checkOpen()
    for (const name of names) this.#partitions.delete(name)
    await this.#topics.delete(names)
  }

  async describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    this.#checkOpen()
    return this.#topics.describe(names)
  }

  async positionsAt(topics: readonly string[], at: number): Promise<readonly Position[]> {
    this.#checkOpen()
    return this.#topics.positionsAt(topics, at)
  }

  async append(topic: string, messages: readonly Message[], { signal }: AppendOptions = {}): Promise<readonly Position[]> {
    this.#checkOpen()
    if (signal?.aborted) throw new QiError('CANCELLED', 'append was cancelled', { cause: signal.reason })
    if (messages.length === 0) return []
    const frame = this.#registry && (await abortable(this.#registry.frame(topic), signal))
    const count = await this.#partitionCount(topic)
    const maxBatchBytes = await this.#topics.maxBatchBytes(topic)
    const place = (key: string | null) => (key === null ? this.#spread++ % count : partitionOf(key, count))
    const outgoing = toOutgoing(messages, { topic, partitionOf: place, maxBatchBytes, frame })
    try {
      return await this.#appender.append(topic, outgoing, maxBatchBytes, signal)
    } catch (error) {
      this.#partitions.delete(topic)
      throw error
    }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#checkOpen()
    const subscription = await RedpandaSubscription.open(this.#context, options, (closed) => this.#readers.delete(closed))
    this.#readers.add(subscription)
    if (this.#closing) await subscription.close()
    return subscription
  }

  read(options: ReadOptions): AsyncIterable<EncodedBatch> {
    this.#checkOpen()
    return read(this.#context, options, (reader) => {
      this.#readers.add(reader)
      return () => this.#readers.delete(reader)
    })
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
    return describeCluster(this.#admin, this.#topics, this.#settings)
  }

  async resetOffsets(group: string, positions: readonly Position[]): Promise<void> {
    this.#checkOpen()
    await this.#groups.reset(group, positions)
  }

  async deleteGroup(group: string): Promise<void> {
    this.#checkOpen()
    await this.#groups.delete(group)
  }

  async check(): Promise<CheckResult> {
    const found = await checkCluster(this.#admin, this.#settings)
    const error = this.#registry?.trouble
    return found.ok && error ? { ok: false, summary: error.message, error } : found
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // Closed first, because an append may be waiting for it.
    await this.#registry?.close()
    await Promise.all([...[...this.#readers].map((reader) => reader.close()), this.#appender.close()])
    await this.#admin.close()
  }

  async #partitionCount(topic: string): Promise<number> {
    const known = this.#partitions.get(topic)
    if (known && Date.now() - known.at < PARTITION_COUNT_AGE_MS) return known.count
    try {
      const count = (await this.#topics.partitionCounts([topic])).get(topic) ?? 0
      this.#partitions.set(topic, { count, at: Date.now() })
      return count
    } catch (error) {
      // During an outage the count is still known, so that the append is retried and does not fail here.
      if (known && error instanceof QiError && error.retryable) return known.count
      if (error instanceof QiError && error.code === 'NOT_FOUND')
        throw new QiError('NOT_FOUND', `topic ${topic} does not exist; create it first with createTopics(['${topic}'])`, {
          cause: error,
        })
      throw error
    }
  }

  #checkOpen(): void {
    if (this.#closing) throw new QiError('CLOSED', 'the stream was closed')
  }
}
