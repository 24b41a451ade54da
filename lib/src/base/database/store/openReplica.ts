import type { ClientBase } from 'pg'
import { type QiError, silentLogger, toQiError } from '../../types/index.ts'
import { ControlConnection } from '../connections/ControlConnection.ts'
import type { Capabilities } from '../connections/capabilities.ts'
import type { DatabaseClock } from '../connections/DatabaseClock.ts'
import { type Pool, type PoolOptions, withClient } from '../connections/pool.ts'
import { SqlReader } from '../readOnly/SqlReader.ts'
import type { Opening } from './opening.ts'
import { databaseIdentity, type ReadStore, readStore, requireSameDatabase, requireSetUp } from './readStore.ts'
import { displayAddress, planSettings, type StoreConfig } from './storeConfig.ts'

const SETTING = 'DATABASE_READ_URL'

/** Parts of the store at its primary database. */
export interface Primary {
  readonly capabilities: Capabilities
  readonly clock: DatabaseClock
  readonly pool: Pool
}

/**
 * Opens the reads of a store at its read address. While that server is away reads fail; they never fall back to the primary, which might
 * not carry the load. Each new connection is checked, since the address may lead to another server by then.
 *
 * The role for SQL of users is created at the primary and logs in at the replica, where its sessions are ended. Coverage is refreshed at
 * the primary and read at the replica ({@link Coverage.forReading}). The clock is the primary's.
 * @throws QiError CONFIG_INVALID if the address leads to the wrong server
 */
export async function openReplica(
  config: StoreConfig,
  address: string,
  opening: Opening,
  { capabilities, clock, pool }: Primary,
): Promise<ReadStore> {
  const { pools, control: primary, close } = opening
  const url = () => address
  const control = new ControlConnection(url)
  opening.onClose(() => control.close())
  const log = config.logger ?? silentLogger
  let made = 0
  const makePool = (options: PoolOptions): Pool => {
    const { applicationName = `${config.applicationName ?? 'qicore'} reads` } = options
    const onLost = (error: QiError) => log.debug({ err: error }, 'a connection to the read replica was lost')
    return pools.open(`${applicationName} ${++made}`, address, { applicationName, onLost, ...options })
  }
  let identity: Promise<string | undefined> | undefined
  let known: string | undefined
  let setUp = false
  const admit = async (client: ClientBase): Promise<void> => {
    // Kept once known, so that later connections do not depend on the primary.
    identity ??= databaseIdentity(pool)
    known ??= await identity.catch(() => {
      identity = undefined
      return undefined
    })
    await requireSameDatabase(client, known)
    if (!setUp) await requireSetUp(client as unknown as Pool, SETTING)
    setUp = true
  }
  const sql = new SqlReader({ url, control: primary, sessions: control, unlimited: config.readerLimits === 'waived' })
  opening.onClose(() => sql.close())
  const reads = readStore({
    ...{ engine: 'external', url, setting: SETTING, pools, makePool, control, capabilities, clock, sql, admit, close },
    place: displayAddress(address),
    setup: planSettings(capabilities),
    max: config.readers ?? 10,
    knownCalendars: config.calendars,
  })
  await withClient(reads.pool, async () => {}).catch((thrown: unknown) => {
    const error = toQiError(thrown)
    if (error.code === 'CONFIG_INVALID') throw error
    config.onNotice?.(`reads fail until the read replica answers: ${error.message}`)
  })
  return reads
}
