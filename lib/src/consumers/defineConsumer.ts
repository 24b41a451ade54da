import { type RecordName, recordTypes } from '../base/index.ts'
import { groupOf, STORE } from '../streaming/pipelines/index.ts'

/** A built-in pipeline: record types that are stored. */
export interface ConsumerDefinition {
  readonly name: string
  readonly summary: string
  /** What it stores; one topic each. */
  readonly records: readonly RecordName[]
  /** Its consumer group: processes of one group share the work. */
  readonly group: string
  readonly topics: readonly string[]
}

export function defineConsumer(definition: {
  name: string
  summary: string
  records: readonly RecordName[]
}): ConsumerDefinition {
  const group = groupOf({ pipeline: definition.name, destination: STORE })
  const topics = definition.records.map((record) => recordTypes[record].topic)
  return { ...definition, group, topics }
}
