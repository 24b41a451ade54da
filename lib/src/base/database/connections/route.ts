import pg from 'pg'
import { destroy, trackConnection } from './liveConnections.ts'

/** How a connection reaches its server: directly, or through a pooler in session, transaction or statement mode. */
export type Route = 'direct' | 'session' | 'transaction' | 'statement'

/** Longest wait for an answer on the second connection, in milliseconds; a pooler without a free session does not answer. */
const ANSWER_MS = 2_000
/**
 * Repetitions of the probe. A shared pooler may by chance assign the same session again: with two sessions one round misses one time in
 * four, all rounds one time in a million.
 */
const ROUNDS = 10

/**
 * Detects a pooler by its behaviour, not by its port: the process that answers is not the one announced at connect. Outside session mode
 * one server process serves two open connections, or several serve one.
 * @param client a connection outside a transaction
 * @param url its address, for a second connection, which is made only behind a pooler
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
      // Poolers that take sessions in turn: two statements in a row reach two processes.
      if ((await processOf(client)) !== own) return 'transaction'
      // Poolers that reuse the last session first: a transaction holds it, so `client` gets another.
      const held = await hold(other, round === 0)
      if (typeof held === 'string') return held
      if (held === own || (await processOf(client)) !== own) return 'transaction'
      await other.query('commit') // else the next round could see only the other of two sessions
    }
    return 'session'
  } finally {
    destroy(other)
  }
}

/**
 * Begins a transaction on the second connection.
 * @returns the server process it holds; `session` if the pooler has no free session, since the first connection keeps its own
 */
async function hold(other: pg.Client, first: boolean): Promise<number | 'statement' | 'session'> {
  try {
    if (first) {
      await other.connect()
      trackConnection(other)
    }
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
