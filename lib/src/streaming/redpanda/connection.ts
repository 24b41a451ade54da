import { isIP } from 'node:net'
import { type BaseOptions, connectionsConnectsChannel } from '@platformatic/kafka'
import { QiError, readTls } from '../../base/index.ts'
import { type BrokerAddress, parseBroker, type RedpandaConfig } from './RedpandaConfig.ts'

/** What every client of the cluster is opened with. */
export interface ConnectionSettings {
  readonly config: RedpandaConfig
  readonly brokers: readonly BrokerAddress[]
  /** The brokers as one text, for messages. */
  readonly address: string
  readonly options: BaseOptions
}

/** How long to wait before trying again what failed for a passing reason. */
export const RETRY_DELAY_MS = 200

/**
 * Reads the named certificates and prepares the library's options.
 * @throws QiError CONFIG_INVALID where no broker is named or a file cannot be read
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
    // A name is sent for servers that hold several certificates; an address must not be.
    ...(tls && { tls, tlsServerName: tls.servername ?? brokers.every(({ host }) => !isIP(host)) }),
    ...(mechanism && { sasl: { mechanism, username: username ?? '', password: password ?? '' } }),
  }
  return { config, brokers, address: brokers.map(({ host, port }) => `${host}:${port}`).join(','), options }
}

/**
 * The library tells a connection that ends while it signs in of each of its failures, and after the first nobody listens: without
 * a listener, a broker that refuses our certificate would end the process. Who uses the connection is told on another way.
 */
connectionsConnectsChannel.start.subscribe((event) => {
  const { connection } = event as unknown as { connection: NodeJS.EventEmitter }
  if (!connection.listeners('error').includes(heard)) connection.on('error', heard)
})

function heard(): void {}
