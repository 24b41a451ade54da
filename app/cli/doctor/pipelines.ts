import type { Store } from '../../../lib/src/base/database/index.ts'
import { liveProcesses, type PipelineProcess, PipelineStore } from '../../../lib/src/streaming/index.ts'
import { openPipelines, type PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, failed, ok, unused } from './finding.ts'

/** Finds deployed pipelines that this configuration cannot run, and processes whose destinations differ. */
export async function checkPipelines(config: PlatformConfig, { pool }: Store): Promise<Finding[]> {
  await PipelineStore.open(pool)
  const [pipelines, processes] = [await openPipelines(config, () => pool).list(), await liveProcesses(pool)]
  const deployed = pipelines.filter(({ kind }) => kind === 'deployed')
  const unwell = deployed.filter(({ problems, state }) => problems.length > 0 && state === 'running')
  const summary = `${deployed.length} deployed, ${deployed.filter(({ state }) => state === 'stopped').length} of them stopped`
  const found = unwell.map(({ name, problems }) =>
    failed(
      `pipeline ${name}`,
      problems.join('; '),
      'correct the configuration, or deploy a version that fits it (docs/pipelines.md)',
    ),
  )
  return [
    deployed.length === 0 ? unused('pipelines', 'none is deployed') : ok('pipelines', summary),
    ...found,
    ...differing(processes),
  ]
}

/** A pipeline runs in every process; a process without one of its destinations, or with another type, delivers nothing there. */
function differing(processes: readonly PipelineProcess[]): Finding[] {
  const names = [...new Set(processes.flatMap(({ destinations }) => Object.keys(destinations)))]
  const differ = names.flatMap((name) => {
    const types = Map.groupBy(processes, ({ destinations }) => destinations[name] ?? 'none')
    if (types.size < 2) return []
    const each = [...types].map(
      ([type, those]) => `${type} in ${those.map(({ host, pid }) => `${host} process ${pid}`).join(', ')}`,
    )
    return [`${name} is ${each.join(' and ')}`]
  })
  if (differ.length === 0) return []
  return [
    failed(
      'destinations',
      `the processes of this store differ in their destinations: ${differ.join('; ')}`,
      'give all of them the same destinations in qicore.yaml, and restart them',
    ),
  ]
}
