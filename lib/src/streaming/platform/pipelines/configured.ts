import { type PipelineInfo, type RecordName, recordTypes } from '../../../base/types/index.ts'
import { consumers } from '../../../consumers/index.ts'
import { groupOf, STORE } from '../../pipelines/index.ts'

/** The part of a configured destination that pipelines need. */
export interface ConfiguredDestination {
  readonly name: string
  /** Record types that it gets without a pipeline. */
  readonly records?: readonly RecordName[] | undefined
}

/**
 * The pipelines of the configuration: the consumers, which are built in, and the destinations with `records`. Consumers that do not run
 * are listed too, so that no other pipeline takes their names or groups.
 */
export function configuredPipelines(
  running: readonly string[],
  destinations: readonly ConfiguredDestination[],
): readonly PipelineInfo[] {
  const builtIn = Object.values(consumers).map(({ name, summary, topics }): PipelineInfo => {
    const group = groupOf({ pipeline: name, destination: STORE })
    return {
      name,
      kind: 'built-in',
      state: running.includes(name) ? 'running' : 'stopped',
      description: summary,
      place: 'consumers in qicore.yaml',
      reads: topics,
      outputs: [{ name: STORE, kind: 'destination', group, reads: topics }],
      problems: [],
    }
  })
  const implicit = destinations.flatMap(({ name, records }): PipelineInfo[] => {
    if (!records) return []
    const reads = records.map((record) => recordTypes[record].topic)
    const group = groupOf({ pipeline: name, destination: name })
    return [
      {
        name,
        kind: 'implicit',
        state: 'running',
        place: `destinations.${name}.records in qicore.yaml`,
        reads,
        outputs: [{ name, kind: 'destination', group, reads }],
        problems: [],
      },
    ]
  })
  return [...builtIn, ...implicit]
}
