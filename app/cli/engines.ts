import { openStore, type ReadStore, type Store, type StoreConfig, type Stream, TopicCatalogue } from '../../lib/src/base/index.ts'
import { PipelineStore } from '../../lib/src/streaming/index.ts'
import { type LoadedConfig, openBrokersFor, openStreamFor } from '../../lib/src/streaming/platform/index.ts'
import { loggerOf } from './logging.ts'
import type { Session } from './session.ts'

/** Someone waits in front of the screen: an address where nothing answers is not tried for long. */
const OPEN_TIMEOUT_MS = 5000

/**
 * Opens the store for one command. The embedded server is shared: started when nothing runs, stopped at the end unless something
 * else uses it.
 * @param more overrides the configuration
 */
export const openStoreOf = (
  session: Session,
  { config }: LoadedConfig,
  more: Pick<StoreConfig, 'layout' | 'migrations'> = {},
): Promise<Store> =>
  openStore({
    ...optionsOf(session),
    home: config.home,
    databaseUrl: config.database.url,
    layout: config.store.layout,
    ...more,
  })

/**
 * Opens the store for a command that only reads: at the read address where one is configured, and with no more right than to read. The
 * embedded one is this user's own, and made or brought up to date as by any other command.
 */
export const openReadsOf = (session: Session, loaded: LoadedConfig): Promise<ReadStore> => {
  const { home, database } = loaded.config
  if (!database.url) return openStoreOf(session, loaded)
  return openStore({ ...optionsOf(session), home, databaseUrl: database.url, readUrl: database.read_url, mode: 'read' })
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

/** Looks up the topics that pipelines write, which the store knows. */
export type FindTopics = () => Promise<TopicCatalogue>

/** Opens the store, where it is not open yet, for as long as it is used. */
export type WithStore = <T>(use: (store: Store) => Promise<T>) => Promise<T>

/**
 * Opens the stream for one command; the store too, where the log lives in it, once the topics of pipelines are asked for, or where the
 * command needs it.
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
