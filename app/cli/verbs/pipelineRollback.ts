import { QiError } from '../../../lib/src/base/types/index.ts'
import { changePipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'

export interface PipelineRollbackInput {
  readonly name: string
  readonly version: number
  readonly yes?: boolean
}

export async function run(session: Session, { name, version, yes }: PipelineRollbackInput): Promise<undefined> {
  await changePipelines(session, yes, async (pipelines) => {
    const { version: current, kind, place } = await pipelines.show(name)
    if (current === undefined)
      throw new QiError('UNSUPPORTED', `pipeline ${name} is ${kind} and has no versions: ${place} declares it`, { field: 'name' })
    return { action: 'rollback', name, version, replaces: current }
  })
}
