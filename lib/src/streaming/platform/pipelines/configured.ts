import { type PipelineInfo, type RecordName, recordTypes } from '../../../base/index.ts'
import { consumers } from '../../../consumers/index.ts'
import { groupOf, STORE } from '../../pipelines/index.ts'

/** A destination of the configuration, as far as pipelines need it. */
export interface ConfiguredDestination {
  readonly name: string
  /** Record types that it gets without a pipeline of its own. */
  readonly records?: readonly RecordName[] | undefined
}

/**
 * The pipelines that the configuration makes: its consumers, which are built in, and its destinations with records. All consumers are
 * shown, whether the configuration runs them or not, so that no other pipeline takes their names or groups.
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
