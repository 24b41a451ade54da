import { agentDefinitions } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const { config } = await session.load()
  const rows = Object.values(agentDefinitions)
    .map(({ name, summary }) => ({ name, summary, scheduled: config.agents.run.includes(name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (session.json) return void (await session.out.json(rows))
  if (session.csv) return void (await printCsv(session.out, ['name', 'summary', 'scheduled'], rows))
  await printTable(
    session.out,
    [
      { title: 'agent', cell: (row) => row.name },
      { title: 'scheduled', cell: (row) => (row.scheduled ? 'yes' : 'no') },
      { title: 'summary', cell: (row) => row.summary },
    ],
    rows,
  )
  await session.remark('\nAgents named under agents.run in qicore.yaml run on their schedules while the platform runs.')
}
