import { openStore, type ReadStore, type Store, type StoreConfig } from '../../lib/src/base/database/index.ts'
import { type Stream, TopicCatalogue } from '../../lib/src/base/types/index.ts'
import { PipelineStore } from '../../lib/src/streaming/index.ts'
import { type LoadedConfig, openBrokersFor, openStreamFor } from '../../lib/src/streaming/platform/index.ts'
import { loggerOf } from './logging.ts'
import type { Session } from './session.ts'

/** Short, because a user waits at the terminal. */
const OPEN_TIMEOUT_MS = 5000

/**
 * Opens the store for one command. The embedded server is shared: it is started if it does not run, and stopped at the end unless another
 * process uses it.
 * @param more overrides the configuration
 */
export const openStoreOf = (
  session: Session,
  { config }: LoadedConfig,
  more: Pick<StoreConfig, 'layout' | 'migrations'> = {},
): Promise<Store> =>
  openStore({
    ...optionsOf(session),
    readerLimits: config.database.reader_limits,
    home: config.home,
    embeddedPort: config.embedded_database.port,
    databaseUrl: config.database.url,
    layout: config.store.layout,
    ...more,
  })

/**
 * Opens the store for a command that only reads: at the read address if one is configured, and read-only. An embedded store is this user's
 * own, and is created or migrated as by any other command.
 */
export const openReadsOf = (session: Session, loaded: LoadedConfig): Promise<ReadStore> => {
  const { home, database } = loaded.config
  if (!database.url) return openStoreOf(session, loaded)
  const { url: databaseUrl, read_url: readUrl, reader_limits: readerLimits } = database
  return openStore({ ...optionsOf(session), home, databaseUrl, readUrl, readerLimits, mode: 'read' })
}

const optionsOf = (session: Session) => ({
  logger: loggerOf(session),
  onNotice: (notice: string) => void session.remark(notice),
  readers: 2,
  writers: 1,
  applicationName: 'qicore-cli',
  openTimeoutMs: OPEN_TIMEOUT_MS,
  signal: session.signal,
})

/** Looks up the topics that pipelines write, in the store. */
export type FindTopics = () => Promise<TopicCatalogue>

/** Passes the store to `use`; it is opened for that if it is not open yet. */
export type WithStore = <T>(use: (store: Store) => Promise<T>) => Promise<T>

/**
 * Opens the stream for one command. With the embedded log the store is opened too; with brokers only when `findTopics` or `withStore` is
 * called.
 */
export async function withStream<T>(
  session: Session,
  loaded: LoadedConfig,
  work: (stream: Stream, findTopics: FindTopics, withStore: WithStore) => Promise<T>,
): Promise<T> {
  const { config } = loaded
  const logger = loggerOf(session)
  const catalogue = new TopicCatalogue()
  const find = async ({ pool }: Store) => {
    catalogue.declare(await (await PipelineStore.open(pool)).topics())
    return catalogue
  }
  if (config.redpanda.brokers) {
    await using stream = await openBrokersFor(config, logger, catalogue)
    const withStore: WithStore = async (use) => {
      await using store = await openStoreOf(session, loaded)
      return await use(store)
    }
    return await work(stream, () => withStore(find), withStore)
  }
  await using store = await openStoreOf(session, loaded)
  await using stream = await openStreamFor(config, store, { logger, catalogue })
  return await work(
    stream,
    () => find(store),
    (use) => use(store),
  )
}
