import { type Logger, openStore, type Store, type Stream, TopicCatalogue } from '../../base/index.ts'
import { openEmbeddedStream } from '../embedded/index.ts'
import { openRedpanda, SchemaRegistry } from '../redpanda/index.ts'
import type { PlatformConfig } from './config.ts'

export interface EngineContext {
  readonly logger: Logger
  /** One line for people about something slow or unusual. */
  readonly onNotice?: ((line: string) => void) | undefined
  /** Gives up waiting for a database that does not answer. */
  readonly signal?: AbortSignal | undefined
  /** Record types of the topics, whose schemas are registered; default those of the record types themselves. */
  readonly catalogue?: TopicCatalogue
}

/** The store that the configuration names: a server at a URL, or the embedded one. */
export const openStoreFor = (config: PlatformConfig, { logger, onNotice, signal }: EngineContext): Promise<Store> =>
  openStore({
    home: config.home,
    databaseUrl: config.database.url,
    readUrl: config.database.read_url,
    layout: config.store.layout,
    readerLimits: config.database.reader_limits,
    logger,
    ...(onNotice && { onNotice }),
    ...(signal && { signal }),
  })

/** The stream that the configuration names: Redpanda, or the embedded log in the store's PostgreSQL. */
export const openStreamFor = (config: PlatformConfig, store: Store, { logger, catalogue }: EngineContext): Promise<Stream> =>
  config.redpanda.brokers
    ? openBrokersFor(config, logger, catalogue)
    : // The embedded server may come back on another port.
      openEmbeddedStream({ ...config.embedded_stream, url: () => store.url, logger })

/** The stream on the brokers that the configuration names, with its schema registry where one is named. */
export async function openBrokersFor(
  { redpanda, schema_registry: settings }: PlatformConfig,
  logger: Logger,
  catalogue: TopicCatalogue = new TopicCatalogue(),
): Promise<Stream> {
  const registry = settings.url ? new SchemaRegistry(settings.url, settings, { logger, catalogue }) : undefined
  return openRedpanda(redpanda, { logger, ...(registry && { registry }) })
}
