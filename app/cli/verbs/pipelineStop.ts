import { changePipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'

export async function run(session: Session, { name }: { readonly name: string }): Promise<undefined> {
  await changePipelines(session, undefined, async () => ({ action: 'stop', name }))
}
