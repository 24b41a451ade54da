import { resolve } from 'node:path'
import { type TlsSettings, tlsWanted } from '../../base/networking/index.ts'
import { QiError } from '../../base/types/index.ts'
import type { RedpandaCluster } from '../shared/launcher.ts'

/** Settings as Redpanda Connect names them. Secrets are variables of its environment, so no file holds one. */
export interface ConnectSettings {
  readonly connection: Readonly<Record<string, unknown>>
  /** Of the schema registry; undefined where there is none. */
  readonly registry: Readonly<Record<string, unknown>> | undefined
  readonly env: Readonly<Record<string, string>>
}

const variable = (name: string): string => `\${${name}}`

/** @throws QiError UNSUPPORTED for a setting that Redpanda Connect has no counterpart of */
export function connectSettings({ brokers, tls, sasl, registry }: RedpandaCluster): ConnectSettings {
  const env: Record<string, string> = {}
  const secret = (name: string, value: string): string => {
    env[name] = value
    return variable(name)
  }
  const { mechanism, username = '', password = '' } = sasl
  const signedIn = registry?.username
    ? {
        basic_auth: {
          enabled: true,
          username: secret('QICORE_REGISTRY_USERNAME', registry.username),
          password: secret('QICORE_REGISTRY_PASSWORD', registry.password ?? ''),
        },
      }
    : {}
  return {
    connection: {
      seed_brokers: [...brokers],
      ...(tlsWanted(tls) && { tls: { enabled: true, ...certificates(tls, 'redpanda.tls') } }),
      ...(mechanism && {
        sasl: [
          { mechanism, username: secret('QICORE_SASL_USERNAME', username), password: secret('QICORE_SASL_PASSWORD', password) },
        ],
      }),
    },
    registry: registry && {
      url: registry.url,
      ...signedIn,
      ...(tlsWanted(registry.tls) && { tls: certificates(registry.tls, 'schema_registry.tls') }),
    },
    env,
  }
}

function certificates({ ca, cert, key, server_name, reject_unauthorized }: TlsSettings, field: string): Record<string, unknown> {
  if (server_name)
    throw new QiError(
      'UNSUPPORTED',
      `${field}.server_name: Redpanda Connect takes the name by which it reaches the peer; name the peer as its certificate does`,
      { field: `${field}.server_name` },
    )
  return {
    ...(ca && { root_cas_file: resolve(ca) }),
    ...(cert && key && { client_certs: [{ cert_file: resolve(cert), key_file: resolve(key) }] }),
    ...(!reject_unauthorized && { skip_cert_verify: true }),
  }
}
