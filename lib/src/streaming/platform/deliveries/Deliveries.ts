import {
  countOf,
  type DeliveryStats,
  type Logger,
  QiError,
  recordTypes,
  type Sink,
  type SinkDefinition,
  suggest,
} from '../../../base/types/index.ts'
import { consumers } from '../../../consumers/index.ts'
import {
  type DeliveryKey,
  DeliveryMember,
  type DeliveryOverrides,
  type DeliverySettings,
  deliveryName,
  groupOf,
  STORE,
} from '../../pipelines/index.ts'
import type { PlatformConfig } from '../config.ts'
import type { Engines } from '../Engines.ts'
import type { Supervisor } from '../supervisor.ts'
import { caughtUp } from './caughtUp.ts'
import { deliverySettingsOf, destinationSettings } from './destinationSettings.ts'
import { type Destination, destinationsOf } from './destinations.ts'
import { sumStats } from './sumStats.ts'

export interface DeliveriesOptions {
  readonly config: PlatformConfig
  readonly logger: Logger
  readonly supervisor: Supervisor
  readonly types: Readonly<Record<string, SinkDefinition>>
  readonly engines: Pick<Engines, 'store' | 'stream' | 'deadLetters' | 'catalogue'>
}

export interface DeliveryRequest extends DeliveryKey {
  readonly topics: readonly string[]
  /** Overrides of the destination's settings. */
  readonly settings?: DeliveryOverrides
  /** Opens the sink of a delivery whose destination is not configured, such as a topic. */
  readonly open?: (signal: AbortSignal) => Promise<Sink>
}

interface Running {
  readonly request: DeliveryRequest
  readonly members: DeliveryMember[]
}

/** On stop: time for the store to take what the sources gave, in milliseconds. */
const DRAIN_MS = 5_000

/** Member 0 keeps the delivery's plain name, so a single member shows no number. */
const partOf = (name: string, member: number): string => (member === 0 ? `consumer ${name}` : `consumer ${name} #${member + 1}`)

/** The deliveries of a platform. Each has one or more members of its consumer group in this process, all supervised. */
export class Deliveries {
  readonly destinations: ReadonlyMap<string, Destination>
  readonly #options: DeliveriesOptions
  readonly #running = new Map<string, Running>()
  /** The last change of members: changes run one after another. */
  #changing: Promise<unknown> = Promise.resolve()

  /** @throws QiError CONFIG_INVALID naming the setting of a destination */
  constructor(options: DeliveriesOptions) {
    this.#options = options
    this.destinations = destinationsOf(options.config, options.types)
  }

  /** Starts the configured deliveries that do not run yet: the consumers, and the destinations with `records`. */
  startConfigured(): void {
    this.startStore()
    for (const { name, common } of this.destinations.values())
      if (common.records && !this.#running.has(deliveryName({ pipeline: name, destination: name })))
        this.start({ pipeline: name, destination: name, topics: common.records.map((record) => recordTypes[record].topic) })
  }

  /** Starts the configured consumers, which write into the store, if they do not run yet. */
  startStore(): void {
    for (const name of this.#options.config.consumers) {
      const { topics = [] } = consumers[name] ?? {}
      if (!this.#running.has(name)) this.start({ pipeline: name, destination: STORE, topics })
    }
  }

  /**
   * Starts a delivery and returns at once: later failures show in its statistics and in the health.
   * @throws QiError NOT_FOUND (no such destination), CONFLICT if it runs already, or another delivery uses its group
   */
  start(request: DeliveryRequest): void {
    const name = deliveryName(request)
    if (!request.open && !this.destinations.has(request.destination)) {
      const known = [...this.destinations.keys()]
      const message = `destination "${request.destination}" is not configured${suggest(request.destination, known)}; known: ${known.join(', ')}`
      throw new QiError('NOT_FOUND', message, { field: 'destination' })
    }
    const other = [...this.#running.values()].find((one) => groupOf(one.request) === groupOf(request))
    if (other) {
      const same = deliveryName(other.request) === name
      const message = same
        ? `delivery ${name} runs already`
        : `delivery ${name} would share the consumer group ${groupOf(request)} with ${deliveryName(other.request)}: rename the pipeline or the destination`
      throw new QiError('CONFLICT', message, { field: 'pipeline' })
    }
    const running = { request, members: [] }
    this.#running.set(name, running)
    this.#add(running)
  }

  /** Drains a delivery and forgets it; its group keeps its offsets. @throws QiError NOT_FOUND */
  stop(key: DeliveryKey): Promise<void> {
    return this.#inTurn(async () => {
      const name = deliveryName(key)
      const { members } = this.#named(name)
      await Promise.all(members.map((_, index) => this.#options.supervisor.remove(partOf(name, index))))
      this.#running.delete(name)
    })
  }

  /** Returns once the store holds everything that was appended, or after 5 s: the rest is stored at the next start. */
  drainStore(): Promise<void> {
    return caughtUp(this.#options.engines.stream, () => this.stats().filter(({ destination }) => destination === STORE), DRAIN_MS)
  }

  /** Makes a parked delivery try again. @throws QiError NOT_FOUND */
  resume(name: string): void {
    for (const member of this.#named(name).members) member.resume()
  }

  /** One entry a delivery: the sum over its members. */
  stats(): DeliveryStats[] {
    return [...this.#running.values()].map(({ members }) => sumStats(members.map((member) => member.stats())))
  }

  /** Each delivery with the open sink of one of its members, if there is one. */
  sinks() {
    return [...this.#running].map(([name, { request, members }]) => ({
      ...{ name, part: partOf(name, 0), destination: request.destination },
      sink: members.flatMap((member) => member.sink ?? [])[0],
    }))
  }

  /**
   * Settings of a delivery: its overrides, over those of its destination.
   * @param stopped true if its pipeline is stopped, see {@link deliverySettingsOf}
   */
  settingsOf(
    { destination, settings = {} }: Pick<DeliveryRequest, 'destination' | 'settings'>,
    stopped = false,
  ): DeliverySettings {
    const { redpanda, embedded_stream: embedded } = this.#options.config
    const common = this.destinations.get(destination)?.common ?? destinationSettings.parse({})
    const merged = destinationSettings.parse({
      ...common,
      ...settings,
      batch: { ...common.batch, ...settings.batch },
      failure: { ...common.failure, ...settings.failure },
    })
    const unreadMs = (redpanda.brokers ? undefined : embedded.unread_retention_ms) ?? Number.POSITIVE_INFINITY
    return deliverySettingsOf(destination, merged, { unreadMs, stopped })
  }

  /** The deliveries that run in this process. */
  running(): readonly DeliveryRequest[] {
    return [...this.#running.values()].map(({ request }) => request)
  }

  /** Changes the number of members in this process. @throws QiError NOT_FOUND, BAD_REQUEST for more than partitions */
  scale(name: string, members: number): Promise<void> {
    return this.#inTurn(() => this.#scale(name, members))
  }

  async #scale(name: string, wanted: number): Promise<void> {
    const running = this.#named(name)
    const { members, request } = running
    const { stream } = this.#options.engines
    const most = Math.max(...(await stream.describeTopics(request.topics)).map(({ partitions }) => partitions.length))
    if (!Number.isSafeInteger(wanted) || wanted < 1 || wanted > most)
      throw new QiError(
        'BAD_REQUEST',
        `members is ${wanted}: consumer ${name} can have 1 to ${most}; its topics have ${countOf(most, 'partition')}, and a member without one has nothing to read`,
        { field: 'members' },
      )
    while (members.length < wanted) this.#add(running)
    while (members.length > wanted) {
      await this.#options.supervisor.remove(partOf(name, members.length - 1))
      members.pop()
    }
  }

  #add({ request, members }: Running): void {
    const { config, logger, engines, supervisor } = this.#options
    const { store, stream, deadLetters, catalogue } = engines
    const { pipeline, destination, topics, open } = request
    const log = logger.child({ pipeline, destination })
    const openConfigured = async (signal: AbortSignal): Promise<Sink> => {
      const { type, settings: own } = this.destinations.get(destination) as Destination
      return type.open(own, { name: destination, pipeline, logger: log, signal, home: config.home, store })
    }
    const consumer = new DeliveryMember({
      ...{ pipeline, destination, topics, stream, deadLetters, catalogue, logger: log },
      open: open ?? openConfigured,
      settings: this.settingsOf(request),
    })
    supervisor.add(partOf(deliveryName(request), members.length), (signal) => consumer.run(signal))
    members.push(consumer)
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(change)
    this.#changing = changed.catch(() => {})
    return changed
  }

  #named(name: string): Running {
    const found = this.#running.get(name)
    if (found) return found
    throw new QiError(
      'NOT_FOUND',
      `delivery "${name.slice(0, 60)}" does not run in this process${suggest(name, [...this.#running.keys()])}`,
      { field: 'consumer' },
    )
  }
}
