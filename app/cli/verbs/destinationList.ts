import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { STORE } from '../../../lib/src/streaming/index.ts'
import { destinationsOf } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

interface Listed {
  readonly name: string
  readonly type: string
  /** Record types that it gets without a pipeline; undefined if only pipelines deliver to it. */
  readonly records?: readonly string[]
  readonly summary: string
}

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'destination', cell: ({ name }) => name },
  { title: 'type', cell: ({ type }) => type },
  { title: 'records', cell: ({ name, records }) => records?.join(', ') ?? (name === STORE ? 'consumers' : 'by pipelines') },
  { title: 'description', cell: ({ summary }) => summary },
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
  if (session.csv)
    return void (await printCsv(
      session.out,
      ['name', 'type', 'records', 'summary'],
      listed.map((one) => ({ ...one })),
    ))
  await printTable(session.out, COLUMNS, listed)
}
