import { detectCapabilities } from './capabilities.ts'
import { DatabaseClock, databaseTime } from './DatabaseClock.ts'
import { hasCluster } from './embedded/placement.ts'
import { beginOpening, type Opening } from './opening.ts'
import { withClient } from './pool.ts'
import { SqlReader } from './readOnly/SqlReader.ts'
import { notSetUp, type ReadStore, readStore, requireSetUp } from './readStore.ts'
import { type AddressSetting, recognise } from './recognise.ts'
import { planning, reached, type StoreConfig } from './storeConfig.ts'

/**
 * Connects to a database that is set up, and writes nothing. The embedded server is started, since it may serve readers while no
 * platform runs; it is not made.
 * @throws QiError UNAVAILABLE where it is not set up, or a migration is missing
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
  const capabilities = await reached(config, async () => {
    if (!embedded) await recognise(url(), setting, false)
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
    setup: planning(capabilities),
    max: config.readers ?? 10,
    knownCalendars: config.calendars,
  })
}
