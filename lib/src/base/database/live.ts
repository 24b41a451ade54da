import type { ClientBase } from 'pg'
import { QiError } from '../types/index.ts'

/** Connections to databases that this process holds. */
const live = new Set<ClientBase>()
let cut = false

/** Makes a connection known to {@link cutConnections} until it ends. @throws QiError CLOSED after the cut */
export function trackConnection(client: ClientBase): void {
  if (cut) {
    destroy(client)
    throw new QiError('CLOSED', 'this process is ending')
  }
  live.add(client)
  client.once('end', () => live.delete(client))
}

/**
 * Drops all database connections of this process, and makes no new ones: for a process that has to end although a statement gets no
 * answer. What waits on them fails at once; the server ends the sessions as it notices, in some seconds.
 * @returns how many there were
 */
export function cutConnections(): number {
  cut = true
  for (const client of live) destroy(client)
  return live.size
}

/**
 * Statements on a new connection, which is dropped where they get no answer in time: until it is known who serves it, nothing else
 * finds that its far end is gone.
 */
export async function answeredWithin<T>(client: ClientBase, ms: number, ask: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => destroy(client), ms)
  try {
    return await ask()
  } finally {
    clearTimeout(timer)
  }
}

/** Drops the socket: the work that waits on it fails at once, and the server rolls back. */
export function destroy(client: ClientBase): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }
  connection.stream.destroy()
}
