import { stringify } from 'yaml'
import { recordTypes } from '../../base/index.ts'

/** One file below the folder that `mcp-server` is given. */
export interface ResourceFile {
  /** Below the folder, such as `resources/inputs/read_crypto_prices.yaml`. */
  readonly path: string
  readonly text: string
}

export interface ResourceOptions {
  readonly brokers: readonly string[]
  /** Leaves out the tools that append. */
  readonly readOnly: boolean
}

/**
 * For each topic of a record type: read records in order, and put one. An input cannot be placed anew by a call, so the newest records
 * and how many there are come from our own tools. A name may appear once in all files.
 */
export const resourceFiles = ({ brokers, readOnly }: ResourceOptions): readonly ResourceFile[] =>
  Object.values(recordTypes).flatMap(({ topic }) => {
    const name = topic.replaceAll('-', '_')
    const seed_brokers = [...brokers]
    const files = [file('inputs', `read_${name}`, reading(`read_${name}`, topic, seed_brokers))]
    return readOnly ? files : [...files, file('outputs', `put_${name}`, putting(`put_${name}`, topic, seed_brokers))]
  })

const file = (kind: 'inputs' | 'outputs', name: string, content: unknown): ResourceFile => ({
  path: `resources/${kind}/${name}.yaml`,
  text: stringify(content, { lineWidth: 0 }),
})

const meta = (description: string) => ({ mcp: { enabled: true, description } })

const reading = (label: string, topic: string, seed_brokers: readonly string[]) => ({
  label,
  redpanda: { seed_brokers, topics: [topic], start_offset: 'earliest', consumer_group: `qicore-mcp-${label}` },
  meta: meta(
    `Reads the next "count" records of the topic ${topic}, the oldest that this server has not given yet first; it waits until so many have come. JSON, decimals as text, times as ISO 8601 in UTC.`,
  ),
})

// biome-ignore lint/suspicious/noTemplateCurlyInString: Redpanda Connect's interpolation, not ours
const KEY = '${! json("source") }:${! json("coin_id") }'

const putting = (label: string, topic: string, seed_brokers: readonly string[]) => ({
  label,
  redpanda: { seed_brokers, topic, key: KEY, idempotent_write: true },
  meta: meta(`Appends records to the topic ${topic}: JSON with the fields of the record type.`),
})
