import { once } from 'node:events'
import { createServer } from 'node:net'
import { QiError, systemCode } from '../../../lib/src/base/index.ts'

/**
 * Tries a port before anything is started, so that a mistake is told at once and not after the database is up.
 * @throws QiError CONFLICT when another program has it
 */
export async function expectFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return
  const server = createServer()
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE')
      throw new QiError(
        'CONFLICT',
        `port ${port} on ${host} is in use by another program: stop it, or choose another with --port or QICORE_PORT (0 picks a free one)`,
        {
          cause: error,
          field: 'server.port',
        },
      )
    // Whatever else is wrong with the address, the server itself will say.
    return
  }
  server.close()
  await once(server, 'close')
}
