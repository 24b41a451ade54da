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

/** Opens connections, to allowed addresses alone. What is tested is the address that is connected to, so a second answer of the DNS changes nothing. */
export function guardedConnector(build: typeof buildConnector, options: ConnectorOptions): buildConnector.connector {
  const { addresses, tls, connectMs, socketPath, onConnect } = options
  const allowed = addressTest(addresses)
  const connect = build({
    ...tls,
    timeout: connectMs,
    ...(socketPath && { socketPath }),
    ...(addresses !== 'any' && { lookup: testedLookup(allowed) }),
  } as buildConnector.BuildOptions)
  return (target, callback) => {
    // An address in the URL is not looked up.
    const literal = target.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) && !allowed(literal)) return callback(refused(literal, [literal]), null)
    connect(target, (...[error, socket]) => {
      if (error) return callback(error, null)
      onConnect(target.hostname, socket.remoteAddress ?? '')
      callback(null, socket)
    })
  }
}

/** `dns.lookup` with what is not allowed left out. */
function testedLookup(allowed: (address: string) => boolean): LookupFunction {
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
          ),
          '',
        )
      if (options.all) callback(null, fit)
      else callback(null, first.address, first.family)
    })
  }
}

const refused = (hostname: string, addresses: readonly string[]): QiError =>
  new QiError(
    'FORBIDDEN',
    `${hostname} ${addresses[0] === hostname ? 'is' : `stands for ${addresses.join(', ')}, which is`} no public address and may not be called from here`,
  )
