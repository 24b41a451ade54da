import { errorMessage } from '../../types/index.ts'
import { classifyPgError, sqlState } from '../connections/errors.ts'
import { type Pool, type PoolClient, withClient } from '../connections/pool.ts'

/** Reason why the extension timescaledb is not available, and the remedy. */
export interface Missing {
  readonly reason: string
  readonly remedy: string
}

const NOT_OFFERED: Missing = {
  reason: 'the server does not offer the extension timescaledb',
  remedy: 'install TimescaleDB there',
}

const LOOK = `select current_user as role, current_database() as database,
  exists (select from pg_extension where extname = 'timescaledb') as created,
  exists (select from pg_available_extensions where name = 'timescaledb') as offered`

interface Look {
  readonly role: string
  readonly database: string
  readonly created: boolean
  readonly offered: boolean
}

/**
 * Creates the extension if the server offers it. It is trusted, so the owner of a database may create it. Only a superuser could read if the
 * server has preloaded it, so creation is simply tried.
 * @param trial true: rolls the creation back
 * @returns undefined on success, else the reason and remedy
 * @throws QiError UNAVAILABLE and other failures unrelated to the extension
 */
export async function createExtension(pool: Pool, { trial }: { readonly trial: boolean }): Promise<Missing | undefined> {
  const before = await withClient(pool, look)
  if (before.created) return undefined
  if (!before.offered) return NOT_OFFERED
  try {
    return await withClient(pool, async (client) => {
      await client.query('begin; savepoint extension')
      const missing = await tried(client)
      await client.query(trial ? 'rollback' : 'commit')
      return missing
    })
  } catch (error) {
    // This error ends the session, so it cannot be handled with a savepoint.
    if (!/must be preloaded/.test(errorMessage(error))) throw error
    return {
      reason: 'the server has not loaded timescaledb',
      remedy: "put timescaledb into the server's shared_preload_libraries and restart it",
    }
  }
}

async function look(client: PoolClient): Promise<Look> {
  const { rows } = await client.query<Look>(LOOK)
  return rows[0] as Look
}

/** The extension's library is missing on the server. The SQLSTATE is that of an I/O error, but a retry does not help. */
const NO_FILE = '58P01'

async function tried(client: PoolClient): Promise<Missing | undefined> {
  try {
    await client.query('create extension if not exists timescaledb')
    return undefined
  } catch (error) {
    const state = sqlState(error)
    if (state === undefined || (error as { severity?: string }).severity === 'FATAL') throw error
    await client.query('rollback to savepoint extension')
    const { created, role, database } = await look(client)
    // Another process created it at the same moment.
    if (created) return undefined
    if (state === '42501')
      return {
        reason: `the role ${role} may not create the extension timescaledb`,
        remedy: `as an administrator: grant create on database ${quoted(database)} to ${quoted(role)}, or create extension timescaledb in that database`,
      }
    if (state !== NO_FILE && classifyPgError(error).retryable) throw error
    return {
      reason: `the extension timescaledb cannot be created: ${errorMessage(error)}`,
      remedy: 'repair the installation of TimescaleDB there',
    }
  }
}

const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)
