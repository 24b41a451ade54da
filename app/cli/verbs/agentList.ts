import { agentDefinitions } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const { config } = await session.load()
  const rows = Object.values(agentDefinitions)
    .map(({ name, summary }) => ({ name, summary, scheduled: config.agents.run.includes(name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (session.json) return void (await session.out.json(rows))
  await printTable(
    session.out,
    [
      { title: 'agent', cell: (row) => row.name },
      { title: 'by itself', cell: (row) => (row.scheduled ? 'yes' : 'no') },
      { title: 'what it does', cell: (row) => row.summary },
    ],
    rows,
  )
  await session.remark('\nThose named under agents.run in qicore.yaml work by themselves while the platform runs.')
}
