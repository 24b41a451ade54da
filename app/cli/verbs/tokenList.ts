import { type TokenInfo, Tokens } from '../../../lib/src/mcp-tools/index.ts'
import { openReadsOf } from '../engines.ts'
import { orNothing } from '../orNothing.ts'
import type { Session } from '../session.ts'
import { age } from '../text/age.ts'
import { printCsv } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(orNothing(Tokens.open(store.pool).then((tokens) => tokens.list())))
  if (session.json) return void (await session.out.json(found))
  if (session.csv)
    return void (await printCsv(
      session.out,
      ['id', 'name', 'role', 'created_at', 'expires_at', 'revoked_at', 'used_at'],
      found.map((one) => ({ ...one })),
    ))
  if (found.length === 0) return void (await session.out.line('there are no tokens; qicore token create NAME creates one'))
  await printTable(session.out, columns(Date.now()), found)
}

function stateOf({ revoked_at, expires_at }: TokenInfo, now: number): string {
  if (revoked_at) return 'revoked'
  return expires_at && expires_at.getTime() <= now ? 'expired' : 'valid'
}

const columns = (now: number): readonly Column<TokenInfo>[] => [
  { title: 'token', kind: 'right', cell: (row) => row.id },
  { title: 'name', cell: (row) => row.name },
  { title: 'role', cell: (row) => row.role },
  { title: 'state', cell: (row) => stateOf(row, now) },
  { title: 'created', kind: 'right', cell: (row) => `${age(row.created_at.getTime(), now)} ago` },
  { title: 'used', kind: 'right', cell: ({ used_at: at }) => (at ? `${age(at.getTime(), now)} ago` : 'never') },
  { title: 'expires', optional: true, cell: ({ expires_at: at }) => at?.toISOString().slice(0, 10) },
]
