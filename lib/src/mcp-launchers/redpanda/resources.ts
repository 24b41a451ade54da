import { stringify } from 'yaml'
import { type RecordType, recordTypes } from '../../base/types/index.ts'
import type { ConnectSettings } from './cluster.ts'

/** One file below the folder that `mcp-server` is given. */
export interface ResourceFile {
  /** Below the folder, such as `resources/inputs/read_crypto_prices.yaml`. */
  readonly path: string
  readonly text: string
}

export interface ResourceOptions {
  readonly settings: Pick<ConnectSettings, 'connection' | 'registry'>
  /** Part of the names of consumer groups, so that two platforms do not take records from one another. */
  readonly platformId: string
  /** Leaves out the tools that append. */
  readonly readOnly: boolean
}

/**
 * For each topic of a record type: read records in order, and put one. A call cannot seek an input, so the newest records and counts
 * come from our own tools. A name may appear once in all files.
 */
export const resourceFiles = (options: ResourceOptions): readonly ResourceFile[] =>
  Object.values(recordTypes as Record<string, RecordType>).flatMap((type) => {
    const name = type.topic.replaceAll('-', '_')
    const files = [file('inputs', `read_${name}`, reading(`read_${name}`, type, options))]
    return options.readOnly ? files : [...files, file('outputs', `put_${name}`, putting(`put_${name}`, type, options))]
  })

const file = (kind: 'inputs' | 'outputs', name: string, content: unknown): ResourceFile => ({
  path: `resources/${kind}/${name}.yaml`,
  text: stringify(content, { lineWidth: 0 }),
})

const meta = (description: string) => ({ mcp: { enabled: true, description } })

/**
 * The server acknowledges each batch as it reads it, and waits without limit until it has `count` records. One record a batch keeps the
 * count, and keeps a call for one record, the default, from taking any that nobody gets.
 */
const reading = (label: string, { topic }: RecordType, { settings, platformId }: ResourceOptions) => ({
  label,
  redpanda: {
    ...settings.connection,
    topics: [topic],
    start_offset: 'earliest',
    consumer_group: `qicore-mcp-${platformId}-${label}`,
    max_yield_batch_bytes: '1B',
  },
  ...(settings.registry && { processors: [{ schema_registry_decode: settings.registry }] }),
  meta: meta(
    `Reads the next record of the topic ${topic}, the oldest first of those that no call has taken yet; JSON, decimals as text, times as ISO 8601 in UTC. At the end of the topic it waits for the next one until the call is given up. Leave "count" at 1: with more, the records that a call has read when it is given up are answered to nobody, and later calls go on behind them. The newest prices come from get_latest_prices.`,
  ),
})

/** A message that a processor refused is not appended: the tool says why. */
const putting = (label: string, type: RecordType, { settings: { connection, registry } }: ResourceOptions) => ({
  label,
  processors: [
    { mapping: keyMapping(type) },
    ...(registry ? [{ schema_registry_encode: { ...registry, subject: `${type.topic}-value` } }] : []),
  ],
  reject_errored: {
    redpanda: {
      ...connection,
      topic: type.topic,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Redpanda Connect's interpolation, not ours
      key: '${! @key }',
      idempotent_write: true,
    },
  },
  meta: meta(
    `Appends records to the topic ${type.topic}: JSON with the fields of the record type. What it accepts is in the topic and no further: a record that the platform refuses later becomes a dead letter.`,
  ),
})

/** The key that the platform gives the same record: the same partition, so that the order of a primary key is kept. */
const keyMapping = ({ key }: RecordType): string => {
  const parts = key.includes('coin_id') ? ['source', 'coin_id'] : ['source']
  const texts = parts.map((part) => `this.${part}.not_empty().catch(throw("${part} is missing"))`)
  return `meta key = ${texts.join(' + ":" + ')}`
}
