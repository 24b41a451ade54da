import type { Stream } from '../../../lib/src/base/types/index.ts'
import { withStream } from '../engines.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

interface Group {
  readonly name: string
  readonly state: string
  readonly members: number
  readonly topics: number
  readonly lag: number
}

const COLUMNS: readonly Column<Group>[] = [
  { title: 'group', cell: ({ name }) => name },
  { title: 'state', cell: ({ state }) => state },
  { title: 'members', kind: 'right', cell: ({ members }) => String(members) },
  { title: 'topics', kind: 'right', cell: ({ topics }) => String(topics) },
  { title: 'lag', kind: 'right', cell: ({ lag }) => String(lag) },
]

export async function run(session: Session): Promise<undefined> {
  const loaded = await session.load()
  const found = await withStream(session, loaded, (stream) => session.unlessInterrupted(groupsOf(stream)))
  if (session.json) return void (await session.out.json(found))
  if (session.csv)
    return void (await printCsv(
      session.out,
      ['name', 'state', 'members', 'topics', 'lag'],
      found.map((one) => ({ ...one })),
    ))
  if (found.length === 0) return void (await session.out.line('there are no consumer groups'))
  await printTable(session.out, COLUMNS, found)
}

async function groupsOf(stream: Stream): Promise<Group[]> {
  const found: Group[] = []
  for (const { name, state, members } of await stream.describeGroups()) {
    const lags = await stream.lag(name)
    const lag = lags.reduce((sum, one) => sum + Number(one.lag), 0)
    found.push({ name, state, members: members.length, topics: new Set(lags.map(({ topic }) => topic)).size, lag })
  }
  return found
}
