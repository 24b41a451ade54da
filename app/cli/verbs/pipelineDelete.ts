import { changePipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'

export interface PipelineDeleteInput {
  readonly name: string
  readonly yes?: boolean
}

export async function run(session: Session, { name, yes }: PipelineDeleteInput): Promise<undefined> {
  await changePipelines(session, yes, async () => ({ action: 'delete', name }))
}
