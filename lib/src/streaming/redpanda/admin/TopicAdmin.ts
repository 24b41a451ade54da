import {
  type Admin,
  type ClusterMetadata,
  ConfigResourceTypes,
  FetchIsolationLevels,
  ListOffsetTimestamps,
} from '@platformatic/kafka'
import { type Position, QiError, type TopicDescription, type TopicPartition } from '../../../base/types/index.ts'
import { type ConnectionSettings, RETRY_DELAY_MS } from '../connection.ts'
import { causes, hasApiError, kafkaError } from '../errors.ts'

/** Kafka's default limit, if the broker does not tell the topic's. */
const DEFAULT_MAX_BATCH_BYTES = 1_048_576
const MAX_REPLICAS = 3
/** How long a created topic may take until every partition has a leader. */
const SETTLE_MS = 15_000

/** Topics of the cluster: create, delete, describe, offsets. */
export class TopicAdmin {
  readonly #admin: Admin
  readonly #settings: ConnectionSettings
  readonly #maxBatchBytes = new Map<string, number>()

  constructor(admin: Admin, settings: ConnectionSettings) {
    this.#admin = admin
    this.#settings = settings
  }

  async create(names: readonly string[], partitions: number): Promise<void> {
    const existing = new Set(await this.names())
    const missing = [...new Set(names)].filter((name) => !existing.has(name))
    if (missing.length === 0) return
    const replicas = this.#settings.config.replication_factor ?? Math.min(MAX_REPLICAS, await this.brokerCount())
    await this.#try(`create topics ${missing.join(', ')}`, async () => {
      try {
        await this.#admin.createTopics({ topics: missing, partitions, replicas })
      } catch (error) {
        if (!onlyExisting(error)) throw error
      }
    })
    await this.#settled(missing)
  }

  async delete(names: readonly string[]): Promise<void> {
    const existing = new Set(await this.names())
    const topics = [...new Set(names)].filter((name) => existing.has(name))
    for (const topic of topics) this.#maxBatchBytes.delete(topic)
    if (topics.length === 0) return
    await this.#try(`delete topics ${topics.join(', ')}`, async () => {
      try {
        await this.#admin.deleteTopics({ topics })
      } catch (error) {
        if (!hasApiError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) throw error
      }
    })
  }

  async describe(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    const existing = await this.names()
    const wanted = names ? existing.filter((name) => names.includes(name)) : existing
    const found = await this.#metadata(wanted)
    const counts = countsOf(wanted, found)
    const all = [...counts].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
    const [earliest, latest] = await Promise.all([this.offsets(all, 'earliest'), this.offsets(all, 'latest')])
    return [...counts].map(([name]) => ({
      name,
      id: found.get(name)?.id ?? '',
      partitions: earliest
        .filter((position) => position.topic === name)
        .map(({ partition, offset }) => {
          const end = latest.find((position) => position.topic === name && position.partition === partition)
          return { partition, earliest: offset, latest: end?.offset ?? offset }
        }),
    }))
  }

  names(): Promise<string[]> {
    return this.#try('list topics', () => this.#admin.listTopics({ includeInternals: false }))
  }

  async brokerCount(): Promise<number> {
    const { brokers } = await this.#try('read the cluster’s metadata', () =>
      this.#admin.metadata({ topics: [], forceUpdate: true }),
    )
    return brokers.size
  }

  /** @throws QiError NOT_FOUND if one of the topics does not exist */
  async partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    return countsOf(topics, await this.#metadata(topics))
  }

  async #metadata(topics: readonly string[]): Promise<ClusterMetadata['topics']> {
    if (topics.length === 0) return new Map()
    const metadata = await this.#try(`read topics ${topics.join(', ')}`, () =>
      this.#admin.metadata({ topics: [...topics], forceUpdate: true }),
    )
    return metadata.topics
  }

  /**
   * The first message of each partition that was appended at or after `at`; the partition's end if there is none.
   * @param at milliseconds since 1970
   */
  async positionsAt(topics: readonly string[], at: number): Promise<Position[]> {
    const counts = await this.partitionCounts(topics)
    const partitions = [...counts].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    )
    // The ends come first: a message appended in between is found by its time, or lies after the end.
    const ends = await this.offsets(partitions, 'latest')
    const found = await this.#listOffsets(partitions, BigInt(Math.max(0, Math.ceil(at))))
    return ends.map((end) => {
      const offset = found.get(`${end.topic}:${end.partition}`)
      return offset === undefined || offset < 0n ? end : { ...end, offset }
    })
  }

  /** The offset of the oldest message, or the one that the next message will get; in the order of `partitions`. */
  async offsets(partitions: readonly TopicPartition[], which: 'earliest' | 'latest'): Promise<Position[]> {
    const found = await this.#listOffsets(
      partitions,
      which === 'earliest' ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST,
    )
    return partitions.map(({ topic, partition }) => {
      const offset = found.get(`${topic}:${partition}`)
      if (offset === undefined || offset < 0n)
        throw new QiError('UNAVAILABLE', `the broker did not return the offsets of ${topic} ${partition}`)
      return { topic, partition, offset }
    })
  }

  /** Offsets by `topic:partition`; negative if there is none. */
  async #listOffsets(partitions: readonly TopicPartition[], timestamp: bigint): Promise<ReadonlyMap<string, bigint>> {
    if (partitions.length === 0) return new Map()
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, asked]) => ({
      name,
      partitions: asked.map(({ partition }) => ({ partitionIndex: partition, timestamp })),
    }))
    const listed = await this.#try(`read offsets of ${topics.map(({ name }) => name).join(', ')}`, () =>
      this.#admin.listOffsets({ topics, isolationLevel: FetchIsolationLevels.READ_COMMITTED }),
    )
    return new Map(listed.flatMap(({ name, partitions }) => partitions.map((p) => [`${name}:${p.partitionIndex}`, p.offset])))
  }

  /** The broker's limit for one batch of a topic, in bytes. */
  async maxBatchBytes(topic: string): Promise<number> {
    const known = this.#maxBatchBytes.get(topic)
    if (known !== undefined) return known
    const limit = await this.#readMaxBatchBytes(topic)
    this.#maxBatchBytes.set(topic, limit)
    return limit
  }

  async #readMaxBatchBytes(topic: string): Promise<number> {
    const key = 'max.message.bytes'
    try {
      const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [key] }
      const [description] = await this.#admin.describeConfigs({ resources: [resource] })
      const value = Number(description?.configs.find((config) => config.name === key)?.value)
      return Number.isSafeInteger(value) && value > 0 ? value : DEFAULT_MAX_BATCH_BYTES
    } catch (error) {
      // Reading settings needs an ACL of its own, which writing does not.
      if (hasApiError(error, 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED')) return DEFAULT_MAX_BATCH_BYTES
      throw kafkaError(error, `read the settings of topic ${topic}`, this.#settings.address)
    }
  }

  async #settled(names: readonly string[]): Promise<void> {
    const deadline = Date.now() + SETTLE_MS
    for (;;) {
      try {
        const { topics } = await this.#admin.metadata({ topics: [...names], forceUpdate: true })
        if (names.every((name) => topics.get(name)?.partitions.every((partition) => partition.leader >= 0))) return
      } catch (error) {
        if (Date.now() > deadline) throw kafkaError(error, `create topics ${names.join(', ')}`, this.#settings.address)
      }
      if (Date.now() > deadline) throw new QiError('TIMEOUT', `topics ${names.join(', ')} were created but have no leader yet`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS / 4))
    }
  }

  async #try<T>(doing: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw kafkaError(error, doing, this.#settings.address)
    }
  }
}

/** True if every error says that the topic exists: another process may have created the same topics meanwhile. */
function onlyExisting(error: unknown): boolean {
  const codes = causes(error).flatMap((fault) => (typeof fault.apiId === 'string' ? [fault.apiId] : []))
  return codes.length > 0 && codes.every((code) => code === 'TOPIC_ALREADY_EXISTS')
}

const countsOf = (topics: readonly string[], found: ClusterMetadata['topics']): Map<string, number> =>
  new Map(topics.map((topic) => [topic, found.get(topic)?.partitionsCount ?? 0]))
