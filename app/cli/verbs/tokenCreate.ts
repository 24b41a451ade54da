import { type Role, Tokens } from '../../../lib/src/mcp-tools/index.ts'
import { audited } from '../audited.ts'
import { openStoreOf } from '../engines.ts'
import type { Session } from '../session.ts'

export interface TokenCreateInput {
  readonly name: string
  readonly role: Role
  readonly days?: number
}

export async function run(session: Session, { name, role, days }: TokenCreateInput): Promise<undefined> {
  const loaded = await session.load()
  await using store = await openStoreOf(session, loaded)
  const made = await audited(store, 'token create', { name, role, ...(days !== undefined && { days }) }, async () => {
    const tokens = await Tokens.open(store.pool)
    return tokens.create({ name, role, validDays: days })
  })
  if (session.json) return void (await session.out.json({ id: made.id, name, role, token: made.secret }))
  await session.out.line(made.secret)
  await session.remark(
    `This is shown once. It is token ${made.id}, ${name}, with the role ${role}: send it as "Authorization: Bearer TOKEN".`,
  )
}
