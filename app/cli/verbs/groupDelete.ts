import { change } from '../change.ts'
import type { Session } from '../session.ts'

export interface GroupDeleteInput {
  readonly name: string
  readonly yes?: boolean
}

export async function run(session: Session, { name, yes }: GroupDeleteInput): Promise<undefined> {
  await change(session, { tool: 'manage_consumer_groups', yes }, async () => ({ action: 'delete', group: name }))
}
