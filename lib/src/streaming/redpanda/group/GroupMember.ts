import { Consumer, kGetApi, kGetConnection } from '@platformatic/kafka'
import { type Logger, type Position, QiError, type TopicPartition, toQiError } from '../../../base/types/index.ts'
import { type ConnectionSettings, RETRY_DELAY_MS } from '../connection.ts'
import { kafkaError } from '../errors.ts'
import { partitionKey } from '../read/Cursor.ts'

const HEARTBEAT_MS = 1_000
/** How long leaving may take; after it the session timeout frees the partitions. */
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

/** The partitions assigned to a member in one generation of the group. Each assignment is a new object, compared by identity. */
export interface Membership {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly TopicPartition[]
}

export interface MembershipEvents {
  readonly assigned: (membership: Membership) => void
  /** The membership is over or about to end; another one follows. */
  readonly revoked: () => void
}

type State = { readonly name: 'joining' | 'closed' } | { readonly name: 'member'; readonly membership: Membership }

/**
 * One member of a consumer group, by the library's `Consumer`: joins, sends heartbeats, joins again after outages and rebalances,
 * commits, leaves.
 *
 * | state | meaning | entered by | left by |
 * |---|---|---|---|
 * | joining | owns nothing: the group rebalances, or joining failed and is retried | creation; a rebalance or a final error of the library (`revoked`) | the library has joined → member; close() |
 * | member | owns the partitions of its membership | the library has joined (`assigned`) | a rebalance or a final error → joining; joined again → member; close() |
 * | closed | has left, or will be removed by the session timeout | close() | – |
 */
export class GroupMember {
  readonly group: string
  readonly #consumer: Consumer
  readonly #settings: ConnectionSettings
  readonly #logger: Logger
  readonly #events: MembershipEvents
  #state: State = { name: 'joining' }
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
      // The broker answers a join only once all members have joined.
      requestTimeout: sessionTimeout + settings.config.request_timeout_ms,
      retries: true,
      autocommit: false,
    })
    this.#consumer.topics.trackAll(...topics)
    this.#consumer.on('consumer:group:join', () => this.#joined())
    this.#consumer.on('consumer:group:rebalance', () => this.#lost())
    // The library stops joining after an error that it considers final; the subscription goes on.
    this.#consumer.on('error', (error: Error) => this.#joinLater(error))
  }

  /** Undefined while the group rebalances. */
  get membership(): Membership | undefined {
    return this.#state.name === 'member' ? this.#state.membership : undefined
  }

  /** Joins the group; resolves with the first assignment. @throws QiError */
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

  /** The group's committed offsets by partition key; partitions without one are left out. */
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
          return offset === undefined || offset < 0n ? [] : [[partitionKey({ topic, partition }), offset] as const]
        }),
      )
    } catch (error) {
      throw kafkaError(error, `read the offsets of group ${this.group}`, this.#settings.address)
    }
  }

  /**
   * Commits in one membership, by one request without a retry. The library's own commit is not used: if the membership is over, it
   * joins again and then commits positions of partitions that other members own.
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
      if (!broker) throw new QiError('UNAVAILABLE', `the coordinator of group ${this.group} is not known at the moment`)
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
    this.#state = { name: 'closed' }
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
    if (this.#state.name === 'closed' || !memberId) return
    const partitions = (assignments ?? []).flatMap(({ topic, partitions: of }) => of.map((partition) => ({ topic, partition })))
    const membership = { memberId, generation: generationId, partitions }
    this.#state = { name: 'member', membership }
    this.#events.assigned(membership)
  }

  #lost(): void {
    if (this.#state.name === 'closed') return
    this.#state = { name: 'joining' }
    this.#events.revoked()
  }

  #joinLater(error: Error): void {
    if (this.#state.name === 'closed') return
    this.#lost()
    this.#logger.warn({ group: this.group, err: error }, 'joining the group failed; retrying')
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
