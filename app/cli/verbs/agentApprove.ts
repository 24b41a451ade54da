import { userInfo } from 'node:os'
import { withAgents } from '../agents.ts'
import { audited } from '../audited.ts'
import type { Session } from '../session.ts'

export interface AgentApproveInput {
  readonly run: string
  readonly step?: string
  readonly refuse?: boolean
  readonly note?: string
}

export async function run(session: Session, { run: id, step, refuse = false, note }: AgentApproveInput): Promise<undefined> {
  await withAgents(session, { observing: true }, async ({ runner }, store) => {
    const decision = { approved: !refuse, by: userInfo().username, ...(note !== undefined && { note }) }
    await audited(store, 'agent approve', { run: id, step, ...decision }, () => runner.decide(id, decision, step))
    if (session.json) await session.out.json({ run: id, ...decision })
    else await session.out.line(`${refuse ? 'refused' : 'approved'}: ${id}`)
  })
}
