import { price as priceType } from '../../lib/src/base/index.ts'
import { TEXT_TABLE } from '../table.ts'

const SQL_TYPE = { text: 'text', decimal: 'numeric', time: 'timestamptz' } as const

/**
 * A pipeline as someone who knows both programs would write it: what a partition holds comes in large batches, each becomes one
 * statement with an array for each column, and as many statements run at once as there are connections.
 */
export function redpandaConnectSettings(of: {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  readonly databaseUrl: string
  readonly inserts: number
}) {
  const dsn = new URL(of.databaseUrl)
  if (!dsn.searchParams.has('sslmode')) dsn.searchParams.set('sslmode', 'disable')
  const { fields, key } = priceType
  const names = fields.map(({ name }) => name)
  const own = names.filter((name) => !key.includes(name))
  const arrays = fields.map((_, i) => `$${i + 1}::text::text[]`)
  const values = fields.map(({ name, kind }) => `${name}::${SQL_TYPE[kind as keyof typeof SQL_TYPE]}`)
  const literals = fields.map(
    ({ name, optional }) => `"{" + this.map_each(r -> r.${name}${optional ? '.or("NULL")' : ''}).join(",") + "}"`,
  )
  return {
    http: { enabled: false },
    logger: { level: 'ERROR' },
    input: {
      redpanda: {
        seed_brokers: of.brokers,
        topics: [of.topic],
        consumer_group: of.group,
        start_offset: 'earliest',
        fetch_max_wait: '100ms',
        fetch_max_partition_bytes: '4MiB',
        partition_buffer_bytes: '8MB',
        max_yield_batch_bytes: '2MB',
      },
    },
    pipeline: { threads: of.inserts, processors: [{ archive: { format: 'json_array' } }] },
    output: {
      sql_raw: {
        driver: 'postgres',
        dsn: dsn.href,
        query: `insert into ${TEXT_TABLE} (${names.join(', ')}) select ${values.join(', ')} from unnest(${arrays.join(', ')}) as r (${names.join(', ')})
          on conflict (${key.join(', ')}) do update set ${own.map((name) => `${name} = excluded.${name}`).join(', ')}`,
        args_mapping: `root = [${literals.join(', ')}]`,
        max_in_flight: of.inserts,
        conn_max_open: of.inserts,
        conn_max_idle: of.inserts,
      },
    },
  }
}
