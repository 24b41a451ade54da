import { type RecordName, recordTypes } from '../base/index.ts'
import { Consumer, type ConsumerOptions } from '../streaming/pipelines/index.ts'

export interface ConsumerDefinition {
  readonly name: string
  readonly summary: string
  /** What it stores; one topic each. */
  readonly records: readonly RecordName[]
  /** Its consumer group: processes of one group share the work. */
  readonly group: string
  readonly topics: readonly string[]
  open(options: Omit<ConsumerOptions, 'name' | 'group' | 'topics'>): Consumer
}

/** A consumer is a group and the records it stores; the runtime is the same for all. */
export function defineConsumer(definition: {
  name: string
  summary: string
  records: readonly RecordName[]
}): ConsumerDefinition {
  const group = `qicore-${definition.name}`
  const topics = definition.records.map((record) => recordTypes[record].topic)
  return {
    ...definition,
    group,
    topics,
    open: (options) => new Consumer({ ...options, name: definition.name, group, topics }),
  }
}
