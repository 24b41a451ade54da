import { lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { buildConnector } from 'undici'
import { QiError } from '../../types/index.ts'
import type { TlsOptions } from '../tls/read.ts'
import { type Addresses, addressTest } from './addresses.ts'

export interface ConnectorOptions {
  readonly addresses: Addresses
  readonly tls?: TlsOptions | undefined
  readonly connectMs: number
  readonly socketPath?: string | undefined
  /** Called with the address of each new connection. */
  readonly onConnect: (hostname: string, address: string) => void
}

/** Opens connections to allowed addresses only. Checks the very address it connects to, so DNS rebinding changes nothing. */
export function guardedConnector(build: typeof buildConnector, options: ConnectorOptions): buildConnector.connector {
  const { addresses, tls, connectMs, socketPath, onConnect } = options
  const allowed = addressTest(addresses)
  const connect = build({
    ...tls,
    timeout: connectMs,
    ...(socketPath && { socketPath }),
    ...(addresses !== 'any' && { lookup: testedLookup(allowed, addresses) }),
  } as buildConnector.BuildOptions)
  return (target, callback) => {
    // An address in the URL is not looked up.
    const literal = target.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) && !allowed(literal)) return callback(refused(literal, [literal], addresses), null)
    connect(target, (...[error, socket]) => {
      if (error) return callback(error, null)
      onConnect(target.hostname, socket.remoteAddress ?? '')
      callback(null, socket)
    })
  }
}

/** `dns.lookup` without the addresses that are not allowed. */
function testedLookup(allowed: (address: string) => boolean, addresses: Addresses): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const fit = found.filter(({ address }) => allowed(address))
      const [first] = fit
      if (!first)
        return callback(
          refused(
            hostname,
            found.map(({ address }) => address),
            addresses,
          ),
          '',
        )
      if (options.all) callback(null, fit)
      else callback(null, first.address, first.family)
    })
  }
}

const refused = (hostname: string, found: readonly string[], addresses: Addresses): QiError => {
  const what =
    typeof addresses === 'object' && 'only' in addresses ? 'none of the addresses that are allowed' : 'no public address'
  return new QiError(
    'FORBIDDEN',
    `${hostname} ${found[0] === hostname ? 'is' : `stands for ${found.join(', ')}, which is`} ${what} and may not be called from here`,
  )
}
