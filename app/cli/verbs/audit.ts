import { type AuditLine, AuditLog, type OUTCOMES } from '../../../lib/src/mcp-tools/index.ts'
import { openReadsOf } from '../engines.ts'
import { orNothing } from '../orNothing.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

export interface AuditInput {
  readonly limit?: number
  readonly caller?: string
  readonly tool?: string
  readonly outcome?: (typeof OUTCOMES)[number]
}

const MOST = 10_000

export async function run(session: Session, { limit = 50, ...filter }: AuditInput): Promise<undefined> {
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const lines = await session.unlessInterrupted(
    orNothing(AuditLog.open(store.pool).then((log) => log.list({ ...filter, limit: Math.min(limit, MOST) }))),
  )
  if (session.json)
    return void (await session.out.json(lines.map((line) => ({ ...line, arguments: JSON.parse(line.arguments) as unknown }))))
  if (session.csv)
    return void (await printCsv(
      session.out,
      ['id', 'at', 'ended_at', 'caller', 'role', 'address', 'face', 'tool', 'effect', 'arguments', 'outcome', 'error', 'job'],
      lines.map((line) => ({ ...line })),
    ))
  if (lines.length === 0) return void (await session.out.line('no calls in the audit log match'))
  await printTable(session.out, columns, lines)
}

const columns: readonly Column<AuditLine>[] = [
  { title: 'time', cell: ({ at }) => at.toISOString().slice(0, 19).replace('T', ' ') },
  { title: 'caller', cell: ({ caller, role }) => `${caller} (${role})` },
  { title: 'by', cell: ({ face, address }) => (address ? `${face} ${address}` : face) },
  { title: 'tool', cell: ({ tool }) => tool },
  { title: 'outcome', cell: ({ outcome }) => outcome },
  { title: 'arguments', optional: true, cell: (line) => line.arguments },
  { title: 'error', optional: true, cell: ({ error }) => error ?? undefined },
]
