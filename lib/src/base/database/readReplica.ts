import type { ClientBase } from 'pg'
import { type QiError, silentLogger, toQiError } from '../types/index.ts'
import type { Capabilities } from './capabilities.ts'
import { ControlConnection } from './control.ts'
import type { DatabaseClock } from './DatabaseClock.ts'
import type { Opening } from './opening.ts'
import { type Pool, type PoolOptions, withClient } from './pool.ts'
import { SqlReader } from './readOnly/SqlReader.ts'
import { identityOf, type ReadStore, readStore, requireSameDatabase, requireSetUp } from './readStore.ts'
import { placeOf, planning, type StoreConfig } from './storeConfig.ts'

const SETTING = 'DATABASE_READ_URL'

/** What the store knows of its own database. */
export interface Primary {
  readonly capabilities: Capabilities
  readonly clock: DatabaseClock
  readonly pool: Pool
}

/**
 * The reads of a store at its read address. That server may be away, now or later: reads fail then, and nothing falls back to the
 * primary, which may not bear them. Each connection is looked at when it is made, since the address may lead elsewhere by then.
 *
 * The split: the role of SQL from outside is made at the primary and logs in at the replica, where its sessions are ended; coverage is
 * refreshed at the primary and read at the replica ({@link Coverage.forReading}). The clock is the primary's.
 * @throws QiError CONFIG_INVALID where it can be reached and is the wrong server
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
    const onLost = (error: QiError) => log.debug({ error: error.message }, 'a connection to the read replica was lost')
    return pools.open(`${applicationName} ${++made}`, address, { applicationName, onLost, ...options })
  }
  let identity: Promise<string | undefined> | undefined
  let known: string | undefined
  let setUp = false
  const admit = async (client: ClientBase): Promise<void> => {
    // Once it is known it stays, so that readers do not depend on the primary.
    identity ??= identityOf(pool)
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
    place: placeOf(address),
    setup: planning(capabilities),
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
