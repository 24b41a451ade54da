import { withAgents } from '../agents.ts'
import { audited } from '../audited.ts'
import type { Session } from '../session.ts'

export async function run(session: Session, { run: id }: { readonly run: string }): Promise<undefined> {
  await withAgents(session, { observing: true }, async ({ runner }, store) => {
    await audited(store, 'agent cancel', { run: id }, () => runner.cancel(id))
    if (session.json) await session.out.json({ run: id, state: 'cancelled' })
    else await session.out.line(`cancelled: ${id}`)
  })
}
