import { Consumer, kGetApi, kGetConnection } from '@platformatic/kafka'
import { type Logger, type Position, QiError, type TopicPartition, toQiError } from '../../base/index.ts'
import { type ConnectionSettings, RETRY_DELAY_MS } from './connection.ts'
import { kafkaError } from './errors.ts'
import { laneKey } from './ReadLane.ts'

const HEARTBEAT_MS = 1_000
/** How long leaving may take; after it the session time-out frees the partitions. */
const LEAVE_MS = 3_000

type OffsetCommit = (
  connection: unknown,
  group: string,
  generation: number,
  member: string,
  instance: string | null,
  topics: readonly { name: string; partitions: readonly object[] }[],
  callback: (error: Error | null, response: unknown) => void,
) => void

/** What the member holds, and in which membership: each is a new object. */
export interface Membership {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly TopicPartition[]
}

export interface MembershipEvents {
  readonly assigned: (membership: Membership) => void
  /** The membership is over or about to be; another follows. */
  readonly revoked: () => void
}

/**
 * Membership of a consumer group: joins, sends signs of life, joins again by itself through outages and rebalances, commits,
 * leaves.
 */
export class GroupMember {
  readonly group: string
  readonly #consumer: Consumer
  readonly #settings: ConnectionSettings
  readonly #logger: Logger
  readonly #events: MembershipEvents
  #membership: Membership | undefined
  #closed = false
  #rejoin: NodeJS.Timeout | undefined

  constructor(settings: ConnectionSettings, group: string, topics: readonly string[], events: MembershipEvents, logger: Logger) {
    const { session_timeout_ms: sessionTimeout } = settings.config
    this.group = group
    this.#settings = settings
    this.#events = events
    this.#logger = logger
    this.#consumer = new Consumer({
      ...settings.options,
      groupId: group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout,
      heartbeatInterval: HEARTBEAT_MS,
      // The answer to a join comes when all members have joined.
      requestTimeout: sessionTimeout + settings.config.request_timeout_ms,
      retries: true,
      autocommit: false,
    })
    this.#consumer.topics.trackAll(...topics)
    this.#consumer.on('consumer:group:join', () => this.#joined())
    this.#consumer.on('consumer:group:rebalance', () => this.#lost())
    // The library gives up joining after what it takes for final; while the subscription lives we do not.
    this.#consumer.on('error', (error: Error) => this.#joinLater(error))
  }

  /** Nothing while the group is being rebalanced. */
  get membership(): Membership | undefined {
    return this.#membership
  }

  /** Returns when the first assignment is there. @throws QiError */
  async join(): Promise<void> {
    const { config, address } = this.#settings
    const doing = `join group ${this.group}`
    const limit = config.session_timeout_ms + config.delivery_timeout_ms
    const late = AbortSignal.timeout(limit)
    try {
      await Promise.race([
        this.#consumer.joinGroup({}),
        new Promise((_, reject) =>
          late.addEventListener('abort', () => reject(new QiError('TIMEOUT', `cannot ${doing} within ${limit} ms`))),
        ),
      ])
    } catch (error) {
      await this.close()
      throw kafkaError(error, doing, address)
    }
  }

  /** What the group committed for partitions; nothing where it did not. */
  async committed(partitions: readonly TopicPartition[]): Promise<Map<string, bigint>> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, of]) => ({
      topic,
      partitions: of.map((p) => p.partition),
    }))
    try {
      const offsets = await this.#consumer.listCommittedOffsets({ topics })
      return new Map(
        partitions.flatMap(({ topic, partition }) => {
          const offset = offsets.get(topic)?.[partition]
          return offset === undefined || offset < 0n ? [] : [[laneKey({ topic, partition }), offset] as const]
        }),
      )
    } catch (error) {
      throw kafkaError(error, `read the offsets of group ${this.group}`, this.#settings.address)
    }
  }

  /**
   * One request, not repeated: the library's own commit joins again when the membership is over, and then commits positions of
   * partitions that have moved to other members.
   */
  async commit({ memberId, generation }: Membership, positions: readonly Position[]): Promise<void> {
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitions: of.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: null,
      })),
    }))
    try {
      const coordinator = await this.#consumer.findGroupCoordinator()
      const { brokers } = await this.#consumer.metadata({ topics: [] })
      const broker = brokers.get(coordinator)
      if (!broker) throw new QiError('UNAVAILABLE', `the coordinator of group ${this.group} is not known just now`)
      const connection = await new Promise((resolve, reject) => {
        this.#consumer[kGetConnection](broker, ((error: Error | null, found: unknown) =>
          error ? reject(error) : resolve(found)) as never)
      })
      const request = await this.#offsetCommit()
      await new Promise<void>((resolve, reject) => {
        request(connection, this.group, generation, memberId, null, topics, (error) => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      throw kafkaError(error, `commit offsets of group ${this.group}`, this.#settings.address)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#rejoin)
    const left = this.#leave()
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, LEAVE_MS).unref())])
  }

  #offsetCommit(): Promise<OffsetCommit> {
    return new Promise((resolve, reject) => {
      const found = (error: Error | null, api?: unknown) => (error ? reject(error) : resolve(api as OffsetCommit))
      this.#consumer[kGetApi]('OffsetCommit', found as never)
    })
  }

  #joined(): void {
    const { memberId, generationId, assignments } = this.#consumer
    if (this.#closed || !memberId) return
    const partitions = (assignments ?? []).flatMap(({ topic, partitions: of }) => of.map((partition) => ({ topic, partition })))
    this.#membership = { memberId, generation: generationId, partitions }
    this.#events.assigned(this.#membership)
  }

  #lost(): void {
    this.#membership = undefined
    this.#events.revoked()
  }

  #joinLater(error: Error): void {
    if (this.#closed) return
    this.#lost()
    this.#logger.warn({ group: this.group, err: error }, 'joining the group failed; trying again')
    clearTimeout(this.#rejoin)
    this.#rejoin = setTimeout(() => {
      void this.#joinAgain()
    }, RETRY_DELAY_MS)
  }

  async #joinAgain(): Promise<void> {
    try {
      await this.#consumer.joinGroup({})
    } catch (error) {
      this.#joinLater(toQiError(error))
    }
  }

  async #leave(): Promise<void> {
    try {
      await this.#consumer.close(true)
    } catch (error) {
      this.#logger.debug({ err: error }, 'leaving the group failed')
    }
  }
}
