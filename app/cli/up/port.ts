import { once } from 'node:events'
import { createServer } from 'node:net'
import { systemCode } from '../../../lib/src/base/types/index.ts'
import { listenError } from '../../server/listenError.ts'

/**
 * Tries a port before anything is started, so that a mistake is reported at once and not after the database is up.
 * @throws QiError CONFLICT if another program uses it
 */
export async function expectFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return
  const server = createServer()
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE') throw listenError(error, host, port)
    // The server reports any other fault of the address.
    return
  }
  server.close()
  await once(server, 'close')
}
