import { Coverage, openStore, type Store } from '../../base/database/index.ts'
import { type Logger, QiError, recordTypes, type Stream, TopicCatalogue } from '../../base/types/index.ts'
import { openEmbeddedStream } from '../embedded/index.ts'
import { DeadLetters } from '../pipelines/index.ts'
import { openRedpanda, SchemaRegistry } from '../redpanda/index.ts'
import { CoverageKeeper } from './CoverageKeeper.ts'
import type { PlatformConfig } from './config.ts'

export interface EngineContext {
  readonly logger: Logger
  /** Called with one line for people when something is slow or unusual. */
  readonly onNotice?: ((line: string) => void) | undefined
  /** Aborts the wait for a database that does not answer. */
  readonly signal?: AbortSignal | undefined
  /** Record types of the topics, whose schemas are registered. Default: the topics of the record types themselves. */
  readonly catalogue?: TopicCatalogue
}

interface Opened {
  readonly store: Store
  readonly stream: Stream
  readonly deadLetters: DeadLetters
  readonly coverage: Coverage
  readonly keeper: CoverageKeeper
}

/** Store and stream of a platform, and the handles on them. Every getter throws CLOSED before open(). */
export class Engines {
  /** The record type of each topic, topics of deployed pipelines included. */
  readonly catalogue = new TopicCatalogue()
  readonly #config: PlatformConfig
  readonly #context: Pick<EngineContext, 'logger' | 'onNotice'>
  #opened: Opened | undefined

  constructor(config: PlatformConfig, context: Pick<EngineContext, 'logger' | 'onNotice'>) {
    this.#config = config
    this.#context = context
  }

  get store(): Store {
    return this.#open.store
  }

  get stream(): Stream {
    return this.#open.stream
  }

  get deadLetters(): DeadLetters {
    return this.#open.deadLetters
  }

  get coverage(): Coverage {
    return this.#open.coverage
  }

  /** Heartbeats of the platform and of its sources. */
  get keeper(): CoverageKeeper {
    return this.#open.keeper
  }

  /**
   * Opens the store, then the stream, which may live in it; creates tables and topics. If one fails, closes what was opened.
   * @param signal aborts the wait for a database that does not answer
   * @throws QiError of the engine that cannot be opened
   */
  async open(signal?: AbortSignal): Promise<void> {
    const context = { ...this.#context, signal, catalogue: this.catalogue }
    const { logger } = context
    await using opening = new AsyncDisposableStack()
    const store = await openStoreFor(this.#config, context)
    opening.defer(() => store.close())
    const stream = await openStreamFor(this.#config, store, context)
    opening.defer(() => stream.close())
    const topics = Object.values(recordTypes).map((type) => type.topic)
    await stream.createTopics(topics, { partitions: this.#config.partitions })
    const coverage = await Coverage.open(store.pool)
    const deadLetters = new DeadLetters(stream, this.catalogue)
    this.#opened = { store, stream, deadLetters, coverage, keeper: new CoverageKeeper(coverage, logger) }
    opening.move()
  }

  async close(): Promise<void> {
    await this.#opened?.stream.close()
    await this.#opened?.store.close()
  }

  get #open(): Opened {
    if (this.#opened) return this.#opened
    throw new QiError('CLOSED', 'the platform is not initialized: call initialize() first')
  }
}

/** Opens the configured store: a server at a URL, or the embedded one. */
export const openStoreFor = (config: PlatformConfig, { logger, onNotice, signal }: EngineContext): Promise<Store> =>
  openStore({
    home: config.home,
    embeddedPort: config.embedded_database.port,
    databaseUrl: config.database.url,
    readUrl: config.database.read_url,
    layout: config.store.layout,
    readerLimits: config.database.reader_limits,
    logger,
    ...(onNotice && { onNotice }),
    ...(signal && { signal }),
  })

/** Opens the configured stream: Redpanda, or the embedded log in the store's PostgreSQL. */
export const openStreamFor = (config: PlatformConfig, store: Store, { logger, catalogue }: EngineContext): Promise<Stream> =>
  config.redpanda.brokers
    ? openBrokersFor(config, logger, catalogue)
    : // A function: an embedded server that restarts may come back on another port.
      openEmbeddedStream({ ...config.embedded_stream, url: () => store.url, logger })

/** Opens the stream on the configured brokers, with its schema registry if one is configured. */
export async function openBrokersFor(
  { redpanda, schema_registry: settings }: PlatformConfig,
  logger: Logger,
  catalogue: TopicCatalogue = new TopicCatalogue(),
): Promise<Stream> {
  const registry = settings.url ? new SchemaRegistry(settings.url, settings, { logger, catalogue }) : undefined
  return openRedpanda(redpanda, { logger, ...(registry && { registry }) })
}
