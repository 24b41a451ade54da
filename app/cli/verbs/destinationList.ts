import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { STORE } from '../../../lib/src/streaming/index.ts'
import { destinationsOf } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { type Column, printTable } from '../text/table.ts'

interface Listed {
  readonly name: string
  readonly type: string
  /** Record types that are brought there without a pipeline; undefined: what pipelines name it for. */
  readonly records?: readonly string[]
  readonly summary: string
}

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'destination', cell: ({ name }) => name },
  { title: 'type', cell: ({ type }) => type },
  { title: 'records', cell: ({ name, records }) => records?.join(', ') ?? (name === STORE ? 'consumers' : 'by pipelines') },
  { title: 'what it is', cell: ({ summary }) => summary },
]

export async function run(session: Session): Promise<undefined> {
  const { config } = await session.load()
  const listed = [...destinationsOf(config, sinkDefinitions).values()].map(
    ({ name, type, common }): Listed => ({
      name,
      type: type.name,
      ...(common.records && { records: common.records }),
      summary: type.summary,
    }),
  )
  if (session.json) return void (await session.out.json(listed))
  await printTable(session.out, COLUMNS, listed)
}
