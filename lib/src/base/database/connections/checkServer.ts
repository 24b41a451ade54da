import pg from 'pg'
import { QiError } from '../../types/index.ts'
import { classifyPgError } from './errors.ts'
import { answeredWithin, destroy, trackConnection } from './liveConnections.ts'
import { type Route, routeOf } from './route.ts'

/** Longest wait for a connection and for each answer on it, in milliseconds. */
const ANSWER_MS = 10_000

/** The setting that an address comes from; errors name it. */
export type AddressSetting = 'DATABASE_URL' | 'DATABASE_READ_URL'

const FIELDS = { DATABASE_URL: 'database.url', DATABASE_READ_URL: 'database.read_url' } as const

export const addressRefusal = (setting: AddressSetting | undefined, message: string): QiError =>
  new QiError('CONFIG_INVALID', message, { ...(setting && { field: FIELDS[setting] }), advised: true })

/** @throws QiError CONFIG_INVALID for a pooler that loses the state of sessions */
export function requireSessionMode(route: Route, setting?: AddressSetting): void {
  if (route === 'direct' || route === 'session') return
  throw addressRefusal(
    setting,
    `${setting ?? 'the URL of the database'} goes through a pooler in ${route} mode, which loses session state: use its session mode or the direct port (Supabase 5432, Neon without -pooler)`,
  )
}

const STATE = `select pg_is_in_recovery() as replica, current_setting('transaction_read_only') = 'on' as "readOnly",
  quote_ident(current_database()) as database`

interface State {
  readonly replica: boolean
  readonly readOnly: boolean
  readonly database: string
}

/** The reason why a server takes no writes; undefined if it takes them. */
export async function writeRefusal(client: pg.ClientBase, setting: AddressSetting): Promise<QiError | undefined> {
  const { rows } = await client.query<State>(STATE)
  const { replica, readOnly, database } = rows[0] as State
  if (replica)
    return addressRefusal(
      setting,
      `${setting} names a replica (read only): name the primary; reads may go to a replica by DATABASE_READ_URL`,
    )
  if (readOnly)
    return addressRefusal(
      setting,
      `the database of ${setting} is set read only: alter database ${database} set default_transaction_read_only = off, or the same of the role`,
    )
  return undefined
}

/**
 * Connects once, before anything is written, and checks that the address is usable.
 * @param writes false for an address that is only read from, which may be a replica
 * @throws QiError CONFIG_INVALID for a pooler outside session mode, and for a server that takes no writes; UNAVAILABLE, UNAUTHORIZED,
 * NOT_FOUND (no such database)
 */
export async function checkServer(url: string, setting: AddressSetting, writes: boolean): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'qicore open',
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  })
  client.on('error', () => {}) // the query fails
  try {
    await answeredWithin(client, ANSWER_MS, () => client.connect())
    trackConnection(client)
    requireSessionMode(await routeOf(client, url), setting)
    const refusal = writes && (await writeRefusal(client, setting))
    if (refusal) throw refusal
  } catch (error) {
    throw classifyPgError(error, 'connecting to the database')
  } finally {
    destroy(client)
  }
}
