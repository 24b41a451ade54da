import { isIP } from 'node:net'
import { type BaseOptions, connectionsConnectsChannel } from '@platformatic/kafka'
import { readTls } from '../../base/networking/index.ts'
import { QiError } from '../../base/types/index.ts'
import { type BrokerAddress, parseBroker, type RedpandaConfig } from './RedpandaConfig.ts'

/** Options of every connection to the cluster. */
export interface ConnectionSettings {
  readonly config: RedpandaConfig
  readonly brokers: readonly BrokerAddress[]
  /** The brokers as one text, for error messages. */
  readonly address: string
  readonly options: BaseOptions
}

/** Wait before a retryable failure is retried. */
export const RETRY_DELAY_MS = 200

/**
 * Reads the certificate files and builds the library's options.
 * @throws QiError CONFIG_INVALID if no broker is named or a file cannot be read
 */
export function connectionSettings(config: RedpandaConfig): ConnectionSettings {
  if (!config.brokers?.length)
    throw new QiError('CONFIG_INVALID', 'no broker is named; set REDPANDA_BROKERS to host:port,…', { field: 'redpanda.brokers' })
  const brokers = config.brokers.map(parseBroker)
  const { mechanism, username, password } = config.sasl
  const tls = readTls(config.tls, 'redpanda.tls')
  const options: BaseOptions = {
    clientId: config.client_id,
    bootstrapBrokers: brokers.map(({ host, port }) => ({ host, port })),
    connectTimeout: config.connect_timeout_ms,
    requestTimeout: config.request_timeout_ms,
    timeout: config.request_timeout_ms,
    retries: 3,
    retryDelay: RETRY_DELAY_MS,
    metadataMaxAge: 30_000,
    autocreateTopics: false,
    // TLS sends a host name for servers with several certificates; an IP address must not be sent.
    ...(tls && { tls, tlsServerName: tls.servername ?? brokers.every(({ host }) => !isIP(host)) }),
    ...(mechanism && { sasl: { mechanism, username: username ?? '', password: password ?? '' } }),
  }
  return { config, brokers, address: brokers.map(({ host, port }) => `${host}:${port}`).join(','), options }
}

/**
 * Adds an error listener to each connection. When a connection ends while it signs in, the library emits several errors, and after
 * the first one nobody listens: a broker that refuses our certificate would then end the process. The user of the connection gets
 * the error by its callback.
 */
connectionsConnectsChannel.start.subscribe((event) => {
  const { connection } = event as unknown as { connection: NodeJS.EventEmitter }
  if (!connection.listeners('error').includes(ignore)) connection.on('error', ignore)
})

function ignore(): void {}
