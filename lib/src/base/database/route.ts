import pg from 'pg'
import { destroy, trackConnection } from './live.ts'

/**
 * The way from here to a server: straight, or through a pooler that lends a server's session to a connection for its whole life
 * (`session`), for one transaction at a time, or for one statement.
 */
export type Route = 'direct' | 'session' | 'transaction' | 'statement'

/** Longest wait for an answer of the second connection, in milliseconds: a pooler without a free session gives none. */
const ANSWER_MS = 2_000
/** A pooler that others use as well may lend other sessions by chance: it is looked at so many times. */
const ROUNDS = 3

/**
 * Finds a pooler by what it does, not by its port: it announces another process than the one that answers, and outside session mode
 * it lends one process to two open connections, or several to one.
 * @param client a connection outside a transaction
 * @param url its address, for a second connection, which is made only where a pooler is in between
 */
export async function routeOf(client: pg.ClientBase, url: string): Promise<Route> {
  const { processID } = client as unknown as { readonly processID: number | null }
  const own = await processOf(client)
  if (own === processID) return 'direct'
  const other = new pg.Client({
    connectionString: url,
    application_name: 'qicore route',
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  })
  other.on('error', () => {}) // the query fails
  try {
    for (let round = 0; round < ROUNDS; round++) {
      // Sessions that are lent in turn: two statements in a row get two.
      if ((await processOf(client)) !== own) return 'transaction'
      // The session that was used last is lent first: a transaction holds it, and `client` gets another.
      const held = await hold(other, round === 0)
      if (typeof held === 'string') return held
      if (held === own || (await processOf(client)) !== own) return 'transaction'
    }
    return 'session'
  } finally {
    destroy(other)
  }
}

/**
 * Begins a transaction on the second connection.
 * @returns the process that it holds; `session` where the pooler has none for it while the first connection keeps its own
 */
async function hold(other: pg.Client, first: boolean): Promise<number | 'statement' | 'session'> {
  try {
    if (first) {
      await other.connect()
      trackConnection(other)
    } else await other.query('commit')
    await other.query('begin')
    return await processOf(other)
  } catch (error) {
    return /statement pooling/i.test(String(error)) ? 'statement' : 'session'
  }
}

async function processOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return (rows[0] as { pid: number }).pid
}
