import pg from 'pg'
import { classifyPgError } from '../../connections/errors.ts'

/** The superuser, created by initdb. Used only to set the server up; the platform works as {@link OWNER}. */
export const SUPERUSER = 'qicore'
/** The role that owns the database and everything in it; not a superuser. */
export const OWNER = 'qicore_owner'
/** The role that can only read records, for people and their programs. */
export const READER = 'qicore_reader'
export const DATABASE = 'qicore'

export interface Superuser {
  readonly port: number
  readonly password: string
}

/**
 * Runs work as superuser, on a connection of its own. A lock that it does not get within ten seconds fails it.
 * @throws QiError
 */
export async function asSuperuser<T>(
  { port, password }: Superuser,
  database: string,
  work: (client: pg.ClientBase) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password,
    database,
    application_name: 'qicore set-up',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {}) // the query fails
  try {
    await client.connect()
    await client.query('set lock_timeout = 10000')
    return await work(client)
  } catch (error) {
    throw classifyPgError(error, `setting up the database server on port ${port}`)
  } finally {
    await client.end().catch(() => {})
  }
}
