import pg from 'pg'
import { QiError } from '../types/index.ts'
import { classifyPgError } from './errors.ts'
import { answeredWithin, destroy, trackConnection } from './live.ts'
import { type Route, routeOf } from './route.ts'

/** Longest wait for a connection and for each answer on it, in milliseconds. */
const ANSWER_MS = 10_000

/** The setting that an address comes from: a refusal names it. */
export type AddressSetting = 'DATABASE_URL' | 'DATABASE_READ_URL'

const FIELDS = { DATABASE_URL: 'database.url', DATABASE_READ_URL: 'database.read_url' } as const

export const refused = (setting: AddressSetting | undefined, message: string): QiError =>
  new QiError('CONFIG_INVALID', message, { ...(setting && { field: FIELDS[setting] }), advised: true })

/** @throws QiError CONFIG_INVALID for a pooler that loses the state of sessions */
export function requireSessions(route: Route, setting?: AddressSetting): void {
  if (route === 'direct' || route === 'session') return
  throw refused(
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

/** Why a server takes no writes; undefined where it does. */
export async function refusesWrites(client: pg.ClientBase, setting: AddressSetting): Promise<QiError | undefined> {
  const { rows } = await client.query<State>(STATE)
  const { replica, readOnly, database } = rows[0] as State
  if (replica)
    return refused(
      setting,
      `${setting} names a replica (read only): name the primary; reads may go to a replica by DATABASE_READ_URL`,
    )
  if (readOnly)
    return refused(
      setting,
      `the database of ${setting} is set read only: alter database ${database} set default_transaction_read_only = off, or the same of the role`,
    )
  return undefined
}

/**
 * Connects once, before anything is set or written, and looks at what answers.
 * @param writes false where it is only read from: it may be a replica then
 * @throws QiError CONFIG_INVALID for a pooler in another mode than session mode, and for a server that takes no writes; UNAVAILABLE,
 * UNAUTHORIZED, NOT_FOUND (no such database)
 */
export async function recognise(url: string, setting: AddressSetting, writes: boolean): Promise<void> {
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
    requireSessions(await routeOf(client, url), setting)
    const refusal = writes && (await refusesWrites(client, setting))
    if (refusal) throw refusal
  } catch (error) {
    throw classifyPgError(error, 'connecting to the database')
  } finally {
    destroy(client)
  }
}
