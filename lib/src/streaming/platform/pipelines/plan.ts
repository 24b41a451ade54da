import type { PartHealth } from '../../../base/types/index.ts'
import {
  type DeliveryKey,
  type DeliveryOverrides,
  describeProblem,
  isTopicOutput,
  outputName,
  overridesOf,
  type PipelineSnapshot,
  parseDeclaration,
  type TopicOutput,
} from '../../pipelines/index.ts'
import { outputsOf } from './infos.ts'

/** A delivery that should run. Plain data: equal plans need no restart. */
export interface PlannedDelivery extends DeliveryKey {
  readonly reads: readonly string[]
  readonly settings: DeliveryOverrides
  /** The topic to write, if the output is a topic. */
  readonly writes?: TopicOutput
}

export interface Plan {
  readonly wanted: readonly PlannedDelivery[]
  /** Deliveries of stopped pipelines, whose groups keep their offsets. */
  readonly stopped: readonly PlannedDelivery[]
  /** Pipelines that cannot run completely in this process, with the reason. */
  readonly problems: readonly Omit<PartHealth, 'since'>[]
}

/**
 * The deliveries that a process with these destinations should run. A missing destination leaves out that delivery only: another
 * process of the cluster may have it.
 */
export function planned(snapshot: PipelineSnapshot, destinations: ReadonlySet<string>): Plan {
  const wanted: PlannedDelivery[] = []
  const stopped: PlannedDelivery[] = []
  const problems: Omit<PartHealth, 'since'>[] = []
  for (const { name, version, text, state } of snapshot.pipelines) {
    const chosen = state === 'stopped' ? stopped : wanted
    const unwell = (summary: string, action: string) => {
      if (state === 'running')
        problems.push({ name: `pipeline ${name}`, status: 'degraded', summary, code: 'CONFIG_INVALID', action })
    }
    const parsed = parseDeclaration(text, { file: `${name} version ${version}`, name })
    if ('problems' in parsed) {
      unwell(parsed.problems.map(describeProblem).join('; '), 'run the version of qicore that deployed it, or deploy it again')
      continue
    }
    const missing: string[] = []
    const outputs = outputsOf(parsed.declaration, snapshot)
    parsed.declaration.to.forEach((output, at) => {
      const destination = outputName(output)
      const reads = outputs[at]?.reads ?? []
      const settings = overridesOf(output)
      if (isTopicOutput(output))
        chosen.push({ pipeline: name, destination, reads, settings, writes: { topic: output.topic, record: output.record } })
      else if (destinations.has(destination)) chosen.push({ pipeline: name, destination, reads, settings })
      else missing.push(destination)
    })
    if (missing.length > 0)
      unwell(
        `does not deliver to ${missing.join(', ')} from this process: not configured here`,
        'configure it in qicore.yaml, or deploy a version without it',
      )
  }
  return { wanted, stopped, problems }
}
