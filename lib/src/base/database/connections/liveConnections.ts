import type { ClientBase } from 'pg'
import { QiError } from '../../types/index.ts'

/** Open database connections of this process. */
const live = new Set<ClientBase>()
let cut = false

/** Registers a connection with {@link cutConnections} until it ends. @throws QiError CLOSED after cutConnections() */
export function trackConnection(client: ClientBase): void {
  if (cut) {
    destroy(client)
    throw new QiError('CLOSED', 'this process is ending')
  }
  live.add(client)
  client.once('end', () => live.delete(client))
}

/**
 * Drops all database connections of this process and refuses new ones, so that the process can end although a statement gets no answer.
 * Pending statements fail at once; the server ends the sessions some seconds later, when it notices.
 * @returns the number of dropped connections
 */
export function cutConnections(): number {
  cut = true
  for (const client of live) destroy(client)
  return live.size
}

/**
 * Runs the first statements on a new connection, and drops it if they get no answer in time. `SilenceWatch` cannot watch it yet: the
 * server's process id is not known.
 */
export async function answeredWithin<T>(client: ClientBase, ms: number, ask: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => destroy(client), ms)
  try {
    return await ask()
  } finally {
    clearTimeout(timer)
  }
}

/** Destroys the socket: pending statements fail at once, and the server rolls back. */
export function destroy(client: ClientBase): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }
  connection.stream.destroy()
}
