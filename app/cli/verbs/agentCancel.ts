import { withAgents } from '../agents.ts'
import type { Session } from '../session.ts'

export async function run(session: Session, { run: id }: { readonly run: string }): Promise<undefined> {
  await withAgents(session, { observing: true }, async ({ runner }) => {
    await runner.cancel(id)
    if (session.json) await session.out.json({ run: id, state: 'cancelled' })
    else await session.out.line(`cancelled: ${id}`)
  })
}
