import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { TLSSocketOptions } from 'node:tls'
import type { BaseOptions } from '@platformatic/kafka'
import { errorMessage, QiError } from '../../base/index.ts'
import { type BrokerAddress, parseBroker, type RedpandaConfig } from './RedpandaConfig.ts'

type Tls = NonNullable<BaseOptions['tls']>

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
  const tls = tlsOptions(config)
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
    ...(tls && { tls, tlsServerName: brokers.every(({ host }) => !isIP(host)) }),
    ...(mechanism && { sasl: { mechanism, username: username ?? '', password: password ?? '' } }),
  }
  return { config, brokers, address: brokers.map(({ host, port }) => `${host}:${port}`).join(','), options }
}

function tlsOptions({ tls }: RedpandaConfig): Tls | undefined {
  if (!(tls.enabled ?? Boolean(tls.ca ?? tls.cert))) return undefined
  const options: TLSSocketOptions = { rejectUnauthorized: tls.reject_unauthorized }
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = tls[name]
    if (path) options[name] = readPem(name, path)
  }
  return options as Tls
}

function readPem(name: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new QiError('CONFIG_INVALID', `redpanda.tls.${name} "${path}" cannot be read: ${errorMessage(error)}`, {
      cause: error,
      field: `redpanda.tls.${name}`,
    })
  }
}
