import { errorMessage, QiError, systemCode } from '../../lib/src/base/types/index.ts'

/** The error of a server that cannot listen: CONFLICT if the port is in use, else CONFIG_INVALID. */
export function listenError(error: unknown, host: string, port: number): QiError {
  const onPort = { cause: error, field: 'server.port' }
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new QiError(
        'CONFLICT',
        `port ${port} on ${host} is in use by another program: stop it, or choose another port with --port or QICORE_PORT (0 picks a free one)`,
        onPort,
      )
    case 'EACCES':
      return new QiError(
        'CONFIG_INVALID',
        `port ${port} may not be opened by this user: choose a port above 1023 with --port or QICORE_PORT`,
        onPort,
      )
    default:
      return new QiError(
        'CONFIG_INVALID',
        `server.host "${host}" cannot be listened on (${errorMessage(error)}): set QICORE_HOST to an address of this machine`,
        { cause: error, field: 'server.host' },
      )
  }
}
