import type { Server } from 'node:http'

/** Lets requests in flight finish, then ends kept-alive connections; after the deadline everything is cut. */
export async function closeServer(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // A connection that becomes idle after close() was called would otherwise be kept open for the keep-alive time.
  const idle = setInterval(() => server.closeIdleConnections(), 20)
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
}
