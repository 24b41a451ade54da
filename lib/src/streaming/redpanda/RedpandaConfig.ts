import { z } from 'zod'
import { saslProblems, saslSettings, tlsProblems, tlsSettings } from '../../base/networking/index.ts'
import { maskUrl, QiError, wordIssue } from '../../base/types/index.ts'

const BROKER = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/
const DEFAULT_PORT = 9092

const broker = z.string().regex(BROKER, 'expected host:port')
const milliseconds = (fallback: number, least = 1) => z.int().min(least).max(3_600_000).default(fallback)

/** Settings of a Redpanda or Kafka cluster, under `redpanda` in qicore.yaml. */
export const RedpandaConfig = z
  .strictObject({
    brokers: z
      .array(broker)
      .min(1)
      .optional()
      .describe('bootstrap brokers, as host:port; unset means the embedded log')
      .meta({ env: 'REDPANDA_BROKERS' }),
    client_id: z
      .string()
      .regex(/^\S+$/, 'expected a name without spaces')
      .default('qicore')
      .describe('client id in the logs and quotas of the brokers'),
    compression: z
      .enum(['none', 'gzip', 'lz4', 'zstd'])
      .default('zstd')
      .describe('how batches are compressed on the wire and in topics'),
    replication_factor: z
      .int()
      .min(1)
      .max(32)
      .optional()
      .describe('replicas of each partition of a topic that we create; default 3, or the number of brokers if there are fewer'),
    connect_timeout_ms: milliseconds(5_000).describe('how long opening a connection may take'),
    request_timeout_ms: milliseconds(10_000, 100).describe('how long a broker may take to answer'),
    delivery_timeout_ms: milliseconds(60_000, 100).describe(
      'how long appends and commits are retried, for example through a broker’s restart',
    ),
    session_timeout_ms: milliseconds(10_000, 6_000).describe(
      'after how long without a heartbeat a group member loses its partitions',
    ),
    tls: tlsSettings('REDPANDA', 'the brokers').prefault({}),
    sasl: saslSettings('REDPANDA').prefault({}),
  })
  .superRefine(({ tls, sasl }, context) => {
    for (const { path, message } of [...tlsProblems(tls), ...saslProblems(sasl)])
      context.addIssue({ code: 'custom', path, message })
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
    throw new QiError('CONFIG_INVALID', `broker "${maskUrl(text)}": expected host:port, such as localhost:9092`, {
      field: 'redpanda.brokers',
    })
  return { host: (match[1] ?? match[2]) as string, port }
}

/**
 * Parses settings from a file or a program; `brokers` may be one text with commas.
 * @throws QiError CONFIG_INVALID naming each wrong setting
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
  const problems = result.error.issues.map((issue) => `redpanda.${issue.path.join('.')}: ${wordIssue(issue)}`)
  throw new QiError('CONFIG_INVALID', problems.join('\n'), { field: `redpanda.${result.error.issues[0]?.path.join('.') ?? ''}` })
}
