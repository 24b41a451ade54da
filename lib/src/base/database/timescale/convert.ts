import { QiError } from '../../types/index.ts'
import { storedChoice } from '../bookkeeping/storedLayout.ts'
import { detectCapabilities } from '../connections/capabilities.ts'
import { sqlState } from '../connections/errors.ts'
import { type ConnectOptions, inTransaction, type Pool, type PoolClient, withClient } from '../connections/pool.ts'
import { runs } from '../coverage/sessions.ts'
import { HYPERTABLES, makeHypertable } from '../hypertables/hypertables.ts'
import { createAggregates } from '../rollups/aggregates.ts'
import { rollupLock } from '../rollups/lock.ts'
import { ignoreWrites, isWatched, markHistory, watchWrites } from '../rollups/marks.ts'
import { refreshLater } from '../rollups/refreshLater.ts'
import { define } from '../series/definitions.ts'
import { restoreOrphanCandles, saveOrphanCandles } from '../series/orphanCandles.ts'
import { dropTriggers } from '../series/registry.ts'
import { rowsTableOf } from '../tables/tables.ts'
import { createExtension } from './extension.ts'

type Converted = keyof typeof HYPERTABLES

/** Progress: a table is about to be converted (`bytes`) or was converted (`milliseconds`). All tables are committed together. */
export interface ConvertStep {
  readonly table: Converted
  readonly at: number
  readonly of: number
  readonly bytes?: number
  readonly milliseconds?: number
}

export interface ConvertOptions extends Pick<ConnectOptions, 'signal'> {
  readonly onStep?: (step: ConvertStep) => void
}

export interface Conversion {
  readonly tables: readonly Converted[]
  /** The keeper of the rollups; undefined if they are off. */
  readonly rollups?: 'aggregates' | 'tables'
}

/** Longest wait for the locks on the tables, in milliseconds. */
const LOCK_MS = 10_000
const BEGIN = `begin; set local statement_timeout = 0; set local lock_timeout = ${LOCK_MS}`
/** Makes a long statement end soon after its client is gone, which unlocks the tables. Not supported on every system. */
const NOTICE_END = `do $$ begin perform set_config('client_connection_check_interval', '2s', true); exception when others then null; end $$`
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Checks that the tables can be converted now.
 * @throws QiError CONFLICT if they are hypertables, or a platform runs on the store; UNSUPPORTED if the database is not set up
 */
export async function checkConvertible(pool: Pick<Pool, 'query'>): Promise<void> {
  const stored = await storedChoice(pool)
  if (!stored) throw new QiError('UNSUPPORTED', 'the database is not set up: its first start makes hypertables where it can')
  if (stored.layout === 'hypertables')
    throw new QiError('CONFLICT', 'the tables are hypertables already: there is nothing to convert')
  if (await runs(pool as Pool, ''))
    throw new QiError(
      'CONFLICT',
      'a platform runs on this store, and would write meanwhile: stop it and try again; one that was killed counts for ten seconds',
    )
}

/**
 * Converts a store's plain tables to hypertables, with their rows, in one transaction: a failure or crash changes nothing. Readers and
 * writers wait. Afterwards continuous aggregates keep the rollups, if the edition has them; passes rebuild the bars.
 * @throws QiError CONFLICT ({@link checkConvertible}), UNSUPPORTED without TimescaleDB, TIMEOUT if a table stays in use
 */
export async function convertToHypertables(pool: Pool, { onStep, ...connect }: ConvertOptions = {}): Promise<Conversion> {
  await checkConvertible(pool)
  const missing = await createExtension(pool, { trial: false })
  if (missing) throw new QiError('UNSUPPORTED', `hypertables cannot be made: ${missing.reason}: ${missing.remedy}`)
  return withClient(
    pool,
    async (client) => {
      const lock = [...(await rollupLock(client))]
      await client.query('select pg_advisory_lock($1, $2)', lock)
      try {
        return await inTransaction(client, () => client.query(NOTICE_END).then(() => convert(client, onStep)), BEGIN)
      } finally {
        await client.query('select pg_advisory_unlock($1, $2)', lock).catch(() => {})
      }
    },
    connect,
  )
}

async function convert(client: PoolClient, onStep: ConvertOptions['onStep']): Promise<Conversion> {
  const tables = Object.keys(HYPERTABLES) as Converted[]
  // A platform that starts now waits for this lock, and then finds hypertables.
  await client.query('lock table qicore_migrations in share row exclusive mode')
  await checkConvertible(client)
  const rows = tables.map(rowsTableOf).join(', ')
  await client.query(`lock table ${rows} in access exclusive mode`).catch(inUse)
  const rolled = await isWatched(client)
  // TimescaleDB cannot migrate a table with statement triggers.
  if (rolled) await ignoreWrites(client)
  await dropTriggers(client)
  const { continuousAggregates } = await detectCapabilities(client)
  const rollups = rolled ? (continuousAggregates ? 'aggregates' : 'tables') : undefined
  if (rollups === 'aggregates') {
    await saveOrphanCandles(client)
    // Continuous aggregates rebuild the coarser bars from 1m bars.
    await client.query("delete from rollups where timeframe <> '1m'")
  }
  for (const [done, table] of tables.entries()) {
    const started = performance.now()
    const told = { table, at: done + 1, of: tables.length }
    onStep?.({ ...told, bytes: await bytesOf(client, table) })
    await makeHypertable(client, table, { filled: true })
    onStep?.({ ...told, milliseconds: performance.now() - started })
  }
  if (rollups === 'aggregates') await keepByAggregates(client)
  if (rolled) await watchWrites(client)
  await client.query("update qicore_settings set value = 'hypertables' where name = 'layout'")
  await define(client, 'hypertables')
  await client.query(
    `insert into qicore_settings (name, value) values ('layout.reason', 'qicore store convert made them so')
     on conflict (name) do update set value = excluded.value`,
  )
  await client.query(`analyze ${rows}`)
  return { tables, ...(rollups && { rollups }) }
}

async function bytesOf(client: PoolClient, table: Converted): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('select pg_total_relation_size($1::regclass) as bytes', [
    rowsTableOf(table),
  ])
  return Number(rows[0]?.bytes ?? 0)
}

function inUse(error: unknown): never {
  if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error
  throw new QiError(
    'TIMEOUT',
    `the tables stay in use by another session for ${LOCK_MS / 1000} s: end it (pg_stat_activity names it), and try again`,
    { cause: error },
  )
}

/** Hands the rollups to continuous aggregates. Queries read the records until passes have built the bars. */
async function keepByAggregates(client: PoolClient): Promise<void> {
  await createAggregates(client)
  await restoreOrphanCandles(client)
  await markHistory(client)
  await refreshLater(client)
  await client.query("update qicore_settings set value = 'aggregates' where name = 'rollups'")
}
