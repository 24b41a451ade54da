import { withPipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { printTable } from '../text/table.ts'

export interface PipelineHistoryInput {
  readonly name: string
  readonly limit?: number
}

export async function run(session: Session, { name, limit = 20 }: PipelineHistoryInput): Promise<undefined> {
  const events = await withPipelines(session, (pipelines) => pipelines.history(name, limit))
  const wire = events.map((event) => ({ ...event, at: new Date(event.at).toISOString() }))
  if (session.json) return void (await session.out.json(wire))
  if (session.csv) return void (await printCsv(session.out, ['at', 'event', 'output', 'version', 'by'], wire))
  await printTable(
    session.out,
    [
      { title: 'at', cell: ({ at }) => new Date(at).toISOString() },
      { title: 'event', cell: ({ event, output }) => `${event.replace('_', ' ')}${output ? ` ${output}` : ''}` },
      { title: 'version', kind: 'right', cell: ({ version }) => (version === undefined ? '' : String(version)) },
      { title: 'by', cell: ({ by }) => by },
    ],
    events,
  )
}
