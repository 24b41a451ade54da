import { detectCapabilities } from '../connections/capabilities.ts'
import { type AddressSetting, checkServer } from '../connections/checkServer.ts'
import { DatabaseClock, databaseTime } from '../connections/DatabaseClock.ts'
import { withClient } from '../connections/pool.ts'
import { hasCluster } from '../embedded/home/placement.ts'
import { SqlReader } from '../readOnly/SqlReader.ts'
import { beginOpening, type Opening } from './opening.ts'
import { notSetUp, type ReadStore, readStore, requireSetUp } from './readStore.ts'
import { openWithRetries, planSettings, type StoreConfig } from './storeConfig.ts'

/**
 * Opens a store for reading only. An existing embedded server is started, so that reads work while no platform runs; a new one is not
 * created.
 * @throws QiError UNAVAILABLE if the database is not set up, or a migration is missing
 */
export async function openReads(config: StoreConfig): Promise<ReadStore> {
  const address = (config.readUrl ?? config.databaseUrl) || undefined
  if (address === undefined && !(await hasCluster(config.home))) throw notSetUp(`${config.home} holds no database`)
  const opening = await beginOpening(config, address)
  try {
    return await openChecked(config, opening, config.readUrl ? 'DATABASE_READ_URL' : 'DATABASE_URL')
  } catch (error) {
    await opening.close().catch(() => {})
    throw error
  }
}

async function openChecked(config: StoreConfig, opening: Opening, setting: AddressSetting): Promise<ReadStore> {
  const { engine, embedded, url, pools, control, place, recover, makePool, close } = opening
  const first = makePool({ max: 1 })
  const capabilities = await openWithRetries(config, async () => {
    if (!embedded) await checkServer(url(), setting, false)
    return withClient(first, async (client) => {
      await requireSetUp(client, setting)
      return detectCapabilities(client)
    })
  })
  const clock = new DatabaseClock(() => databaseTime(first))
  await clock.measure()
  const sql = new SqlReader({
    url,
    control,
    existing: true,
    ...(embedded && { server: embedded }),
    unlimited: config.readerLimits === 'waived',
  })
  opening.onClose(() => sql.close())
  return readStore({
    ...{ engine, url, setting, pools, makePool, control, place, recover, capabilities, clock, sql, close },
    setup: planSettings(capabilities),
    max: config.readers ?? 10,
    knownCalendars: config.calendars,
  })
}
