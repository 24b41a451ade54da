import { QiError } from '../../../lib/src/base/types/index.ts'
import { Tokens } from '../../../lib/src/mcp-tools/index.ts'
import { audited } from '../audited.ts'
import { openStoreOf } from '../engines.ts'
import type { Session } from '../session.ts'

export interface TokenRevokeInput {
  readonly which: string
}

export async function run(session: Session, { which }: TokenRevokeInput): Promise<undefined> {
  const loaded = await session.load()
  await using store = await openStoreOf(session, loaded)
  const revoked = await audited(store, 'token revoke', { which }, async () => {
    const found = await (await Tokens.open(store.pool)).revoke(which)
    if (found.length > 0) return found
    throw new QiError(
      'NOT_FOUND',
      `no valid token has the number or the name "${which.slice(0, 60)}"; qicore token list shows them`,
    )
  })
  if (session.json) return void (await session.out.json({ revoked }))
  for (const { id, name, role } of revoked) await session.out.line(`revoked: token ${id}, ${name}, ${role}`)
}
