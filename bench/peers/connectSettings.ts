import { join } from 'node:path'
import { price as priceType } from '../../lib/src/base/types/index.ts'
import { TEXT_TABLE } from '../table.ts'

const BATCH = 5000

/** Java properties of a standalone worker. */
export function workerSettings(at: {
  readonly brokers: readonly string[]
  readonly port: number
  readonly plugins: string
  readonly folder: string
}): Record<string, string> {
  return {
    'bootstrap.servers': at.brokers.join(','),
    listeners: `http://127.0.0.1:${at.port}`,
    'plugin.path': at.plugins,
    // Without looking into every class there is, which takes ten times as long.
    'plugin.discovery': 'service_load',
    'offset.storage.file.filename': join(at.folder, 'connect.offsets'),
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  }
}

/** The best that was found for this connector on this table; each of them was tried against its default. */
export function connectorSettings(of: {
  readonly topic: string
  readonly databaseUrl: string
  readonly tasks: number
}): Record<string, string> {
  const { hostname, port, pathname, username, password } = new URL(of.databaseUrl)
  return {
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    'tasks.max': String(of.tasks),
    topics: of.topic,
    'connection.url': `jdbc:postgresql://${hostname}:${port}${pathname}?reWriteBatchedInserts=true&stringtype=unspecified`,
    'connection.username': decodeURIComponent(username),
    'connection.password': decodeURIComponent(password),
    'connection.pool.min_size': '1',
    'connection.pool.max_size': '2',
    'collection.name.format': TEXT_TABLE,
    'insert.mode': 'upsert',
    'primary.key.mode': 'record_value',
    'primary.key.fields': priceType.key.join(','),
    'schema.evolution': 'none',
    'batch.size': String(BATCH),
    'use.reduction.buffer': 'true',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'true',
    'value.converter.schema.content': JSON.stringify(schema()),
    'consumer.override.auto.offset.reset': 'earliest',
    'consumer.override.max.poll.records': String(BATCH),
  }
}

/** Kafka's own sink of lines, which copies the bytes of a value. It has one task: several would write into each other's lines. */
export const fileSettings = (of: { readonly topic: string; readonly path: string }): Record<string, string> => ({
  'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
  'tasks.max': '1',
  topics: of.topic,
  file: of.path,
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'consumer.override.auto.offset.reset': 'earliest',
  'consumer.override.max.poll.records': String(BATCH),
})

/** The schema of a plain JSON value: times as Debezium knows them, everything else as the text that it is. */
function schema() {
  return {
    type: 'struct',
    optional: false,
    fields: priceType.fields.map(({ name, kind, optional }) => ({
      field: name,
      type: 'string',
      optional: optional ?? false,
      ...(kind === 'time' && { name: 'io.debezium.time.ZonedTimestamp' }),
    })),
  }
}
