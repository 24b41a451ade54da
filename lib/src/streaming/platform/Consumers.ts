import {
  type ConsumerStats,
  countOf,
  type Logger,
  QiError,
  type Sink,
  type Stream,
  suggest,
  type TopicCatalogue,
} from '../../base/index.ts'
import { consumers } from '../../consumers/index.ts'
import type { Consumer, DeadLetters } from '../pipelines/index.ts'
import type { PlatformConfig } from './config.ts'
import { together } from './memberStats.ts'
import type { Supervisor } from './supervisor.ts'

export interface ConsumersOptions {
  readonly config: PlatformConfig
  readonly logger: Logger
  readonly supervisor: Supervisor
  /** What is there once the platform is initialized. */
  readonly engines: () => {
    readonly stream: Stream
    readonly sinks: readonly Sink[]
    readonly deadLetters: DeadLetters
    readonly catalogue: TopicCatalogue
  }
}

/** The first is called as the consumer is, so that one alone looks as ever. */
const partOf = (name: string, member: number): string => (member === 0 ? `consumer ${name}` : `consumer ${name} #${member + 1}`)

/** The consumers of a platform: of each as many members of its group as are wanted, all supervised. */
export class Consumers {
  readonly #options: ConsumersOptions
  readonly #members = new Map<string, Consumer[]>()
  #scaling: Promise<unknown> = Promise.resolve()

  constructor(options: ConsumersOptions) {
    this.#options = options
  }

  /** Once. */
  startConfigured(): void {
    if (this.#members.size > 0) return
    for (const name of this.#options.config.consumers) this.#add(name)
  }

  /** One of each name, whose counters are those of all its members together. */
  stats(): ConsumerStats[] {
    return [...this.#members.values()].map((members) => together(members.map((member) => member.stats())))
  }

  /** @throws QiError NOT_FOUND, BAD_REQUEST beyond the partitions */
  scale(name: string, members: number): Promise<void> {
    const scaled = this.#scaling.then(() => this.#scale(name, members))
    this.#scaling = scaled.catch(() => {})
    return scaled
  }

  async #scale(name: string, wanted: number): Promise<void> {
    const members = this.#named(name)
    const { topics } = (members[0] as Consumer).stats()
    const { stream } = this.#options.engines()
    const most = Math.max(...(await stream.describeTopics(topics)).map(({ partitions }) => partitions.length))
    if (!Number.isSafeInteger(wanted) || wanted < 1 || wanted > most)
      throw new QiError(
        'BAD_REQUEST',
        `members is ${wanted}: consumer ${name} can have 1 to ${most}; its topics have ${countOf(most, 'partition')}, and a member without one has nothing to read`,
        { field: 'members' },
      )
    while (members.length < wanted) this.#add(name)
    while (members.length > wanted) {
      await this.#options.supervisor.remove(partOf(name, members.length - 1))
      members.pop()
    }
  }

  #add(name: string): void {
    const { config, logger, engines, supervisor } = this.#options
    const { stream, sinks, deadLetters, catalogue } = engines()
    const consumer = consumers[name]?.open({
      stream,
      sinks,
      deadLetters,
      catalogue,
      logger: logger.child({ consumer: name }),
      limits: limitsOf(config),
    })
    if (!consumer) throw new QiError('CONFIG_INVALID', `consumers: there is no consumer named ${name}`)
    const members = this.#members.get(name) ?? []
    this.#members.set(name, members)
    supervisor.add(partOf(name, members.length), (signal) => consumer.run(signal))
    members.push(consumer)
  }

  #named(name: string): Consumer[] {
    const found = this.#members.get(name)
    if (found) return found
    throw new QiError(
      'NOT_FOUND',
      `consumer "${name.slice(0, 60)}": none of that name runs in this process${suggest(name, [...this.#members.keys()])}`,
      { field: 'consumer' },
    )
  }
}

const limitsOf = ({ consumer }: PlatformConfig) => ({
  lanes: consumer.lanes,
  maxRecords: consumer.max_records,
  lingerMs: consumer.linger_ms,
  maxBytes: consumer.max_bytes,
})
