import { z } from 'zod'
import { QiError } from '../../base/index.ts'

const BROKER = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/
const DEFAULT_PORT = 9092

const broker = z.string().regex(BROKER, 'expected host:port')
const milliseconds = (fallback: number, least = 1) => z.int().min(least).max(3_600_000).default(fallback)

const tls = z.strictObject({
  enabled: z.boolean().optional().describe('encrypt; on where a certificate is named').meta({ env: 'REDPANDA_TLS' }),
  ca: z
    .string()
    .optional()
    .describe('PEM file of the authority that signed the brokers’ certificates')
    .meta({ env: 'REDPANDA_TLS_CA' }),
  cert: z
    .string()
    .optional()
    .describe('PEM file of our certificate, where brokers ask for one')
    .meta({ env: 'REDPANDA_TLS_CERT' }),
  key: z.string().optional().describe('PEM file of the key of our certificate').meta({ env: 'REDPANDA_TLS_KEY' }),
  reject_unauthorized: z.boolean().default(true).describe('refuse certificates that the authority did not sign'),
})

const sasl = z.strictObject({
  mechanism: z
    .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
    .optional()
    .describe('how to sign in; unset means not at all')
    .meta({ env: 'REDPANDA_SASL_MECHANISM' }),
  username: z.string().optional().describe('the user to sign in as').meta({ env: 'REDPANDA_SASL_USERNAME' }),
  password: z.string().optional().describe('the password to sign in with').meta({ env: 'REDPANDA_SASL_PASSWORD', secret: true }),
})

/** Settings of a Redpanda or Kafka cluster, under `redpanda` in qicore.yaml. */
export const RedpandaConfig = z
  .strictObject({
    brokers: z
      .array(broker)
      .min(1)
      .optional()
      .describe('brokers to begin with, as host:port; unset means the embedded log')
      .meta({ env: 'REDPANDA_BROKERS' }),
    client_id: z
      .string()
      .regex(/^\S+$/, 'expected a name without spaces')
      .default('qicore')
      .describe('how brokers name us in their logs and quotas'),
    compression: z
      .enum(['none', 'gzip', 'lz4', 'zstd'])
      .default('lz4')
      .describe('how batches are compressed on the wire and in topics'),
    replication_factor: z
      .int()
      .min(1)
      .max(32)
      .optional()
      .describe('copies of each partition of a topic that we create; default 3, or the number of brokers where there are fewer'),
    connect_timeout_ms: milliseconds(5_000).describe('how long opening a connection may take'),
    request_timeout_ms: milliseconds(10_000, 100).describe('how long a broker may take to answer'),
    delivery_timeout_ms: milliseconds(60_000, 100).describe(
      'how long append and commit keep trying, as through a broker’s restart',
    ),
    session_timeout_ms: milliseconds(10_000, 6_000).describe(
      'after how long without a sign of life a group member loses its partitions',
    ),
    tls: tls.prefault({}),
    sasl: sasl.prefault({}),
  })
  .superRefine((config, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (!config.tls.cert !== !config.tls.key)
      wrong(['tls', config.tls.cert ? 'key' : 'cert'], 'tls.cert and tls.key belong together')
    for (const name of ['username', 'password'] as const)
      if (config.sasl.mechanism && !config.sasl[name]) wrong(['sasl', name], `needed to sign in by ${config.sasl.mechanism}`)
    if (!config.sasl.mechanism && config.sasl.password)
      wrong(['sasl', 'mechanism'], 'a password is given: say PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512')
  })

export type RedpandaConfig = z.output<typeof RedpandaConfig>

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** `host:port`, `host` (port 9092) or `[::1]:port`. @throws QiError CONFIG_INVALID */
export function parseBroker(text: string): BrokerAddress {
  const match = BROKER.exec(text.trim())
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3])
  if (!match || port < 1 || port > 65_535)
    throw new QiError('CONFIG_INVALID', `broker "${text}": expected host:port, such as localhost:9092`, {
      field: 'redpanda.brokers',
    })
  return { host: (match[1] ?? match[2]) as string, port }
}

/**
 * Settings as read from a file or given by a program; `brokers` may be one text with commas.
 * @throws QiError CONFIG_INVALID naming each setting that is wrong
 */
export function parseRedpandaConfig(input: Readonly<Record<string, unknown>>): RedpandaConfig {
  const { brokers } = input
  const listed =
    typeof brokers === 'string'
      ? {
          ...input,
          brokers: brokers
            .split(',')
            .map((b) => b.trim())
            .filter(Boolean),
        }
      : input
  const result = RedpandaConfig.safeParse(listed)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => `redpanda.${issue.path.join('.')}: ${issue.message}`)
  throw new QiError('CONFIG_INVALID', problems.join('\n'), { field: `redpanda.${result.error.issues[0]?.path.join('.') ?? ''}` })
}
