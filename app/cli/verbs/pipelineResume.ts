import { changePipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'

export interface PipelineResumeInput {
  readonly name: string
  readonly destination?: string
}

export async function run(session: Session, { name, destination }: PipelineResumeInput): Promise<undefined> {
  await changePipelines(session, undefined, async () => ({ action: 'resume', name, ...(destination && { destination }) }))
}
