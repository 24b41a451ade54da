import { QiError } from '../../../lib/src/base/types/index.ts'
import { toolNamed, tools } from '../../../lib/src/mcp-tools/index.ts'
import { callAsUser } from '../callAsUser.ts'
import { nameValue } from '../nameValue.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { printTable } from '../text/table.ts'
import { LazyTools } from '../tools.ts'

export interface ToolInput {
  readonly name?: string
  readonly arguments: readonly string[]
  readonly yes?: boolean
}

export async function run(session: Session, { name, arguments: given, yes }: ToolInput): Promise<undefined> {
  if (name === undefined) return listTools(session)
  if (session.csv)
    throw new QiError('BAD_REQUEST', '--csv prints the list of tools alone: to call a tool leave it out, or use --json', {
      field: 'csv',
    })
  const tool = toolNamed(name)
  const input = Object.fromEntries(given.map(nameValue))
  await using opened = new LazyTools(session, await session.load())
  await callAsUser(session, { handles: await opened.handles(), tool: tool.name, input, yes: yes === true })
}

async function listTools(session: Session): Promise<undefined> {
  const rows = tools.map(({ name, effect, set, title }) => ({ name, effect, set, title }))
  if (session.json) return void (await session.out.json(rows))
  if (session.csv) return void (await printCsv(session.out, ['name', 'effect', 'set', 'title'], rows))
  await printTable(
    session.out,
    [
      { title: 'tool', cell: (row) => row.name },
      { title: 'effect', cell: (row) => row.effect },
      { title: 'title', cell: (row) => row.title },
      { title: 'set', optional: true, cell: (row) => row.set },
    ],
    rows,
  )
}
