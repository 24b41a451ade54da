import { price as priceType } from '../../lib/src/base/types/index.ts'
import { TEXT_TABLE } from '../table.ts'

const SQL_TYPE = { text: 'text', decimal: 'numeric', time: 'timestamptz' } as const
/** Records of one statement. */
const BATCH = 10_000

export interface TopicToRead {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
}

/** The part of a configuration that reads a topic from its beginning in large batches. */
export type BenthosInput = (of: TopicToRead) => Readonly<Record<string, unknown>>

/** Both programs have it. */
export const franzInput: BenthosInput = ({ brokers, topic, group }) => ({
  kafka_franz: {
    seed_brokers: brokers,
    topics: [topic],
    consumer_group: group,
    start_from_oldest: true,
    fetch_max_wait: '100ms',
    fetch_max_partition_bytes: '4MiB',
    // Twice a batch, so that the next one is read while one is stored.
    checkpoint_limit: 2 * BATCH,
    batching: { count: BATCH, period: '100ms' },
  },
})

/** Redpanda Connect's own, which is faster there than {@link franzInput}. */
export const redpandaInput: BenthosInput = ({ brokers, topic, group }) => ({
  redpanda: {
    seed_brokers: brokers,
    topics: [topic],
    consumer_group: group,
    start_offset: 'earliest',
    fetch_max_wait: '100ms',
    fetch_max_partition_bytes: '4MiB',
    partition_buffer_bytes: '8MB',
    max_yield_batch_bytes: '2MB',
  },
})

/**
 * The fastest settings known: a partition's records come in large batches, each becomes one JSON text that PostgreSQL parses, and as many
 * statements run at once as there are connections. To parse the JSON in the pipeline and pass an array for each column takes 1.8 times as long.
 */
export function benthosSettings(of: {
  readonly input: Readonly<Record<string, unknown>>
  readonly databaseUrl: string
  readonly inserts: number
}) {
  const dsn = new URL(of.databaseUrl)
  if (!dsn.searchParams.has('sslmode')) dsn.searchParams.set('sslmode', 'disable')
  const { fields, key } = priceType
  const names = fields.map(({ name }) => name)
  const own = names.filter((name) => !key.includes(name))
  const columns = fields.map(({ name, kind }) => `${name} ${SQL_TYPE[kind as keyof typeof SQL_TYPE]}`)
  return {
    http: { enabled: false },
    logger: { level: 'ERROR' },
    input: of.input,
    pipeline: { threads: of.inserts, processors: [{ archive: { format: 'lines' } }] },
    output: {
      sql_raw: {
        driver: 'postgres',
        dsn: dsn.href,
        query: `insert into ${TEXT_TABLE} (${names.join(', ')}) select ${names.join(', ')} from json_to_recordset($1::json) as r (${columns.join(', ')})
          on conflict (${key.join(', ')}) do update set ${own.map((name) => `${name} = excluded.${name}`).join(', ')}`,
        args_mapping: String.raw`root = [ "[" + content().string().replace_all("\n", ",") + "]" ]`,
        max_in_flight: of.inserts,
        conn_max_open: of.inserts,
        conn_max_idle: of.inserts,
      },
    },
  }
}

/** An expression in a text of the configuration. */
export const interpolated = (expression: string): string => ['$', '{! ', expression, ' }'].join('')

/** The topic into another output, in batches as large as its input's. */
export const drainSettings = (of: {
  readonly input: Readonly<Record<string, unknown>>
  readonly threads: number
  readonly processors?: readonly object[]
  readonly output: Readonly<Record<string, unknown>>
}) => ({
  http: { enabled: false },
  logger: { level: 'ERROR' },
  input: of.input,
  pipeline: { threads: of.threads, processors: of.processors ?? [] },
  output: of.output,
})
