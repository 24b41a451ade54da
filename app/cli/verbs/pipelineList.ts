import type { PipelineInfo } from '../../../lib/src/base/types/index.ts'
import { withPipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'
import { age } from '../text/age.ts'
import { printCsv } from '../text/csv.ts'
import { printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const pipelines = await withPipelines(session, (opened) => opened.list())
  if (session.json) return void (await session.out.json(pipelines))
  if (session.csv)
    return void (await printCsv(
      session.out,
      ['name', 'kind', 'state', 'description', 'place', 'reads', 'outputs', 'version', 'deployedAt', 'deployedBy', 'problems'],
      pipelines.map((one) => ({ ...one })),
    ))
  const now = Date.now()
  await printTable<PipelineInfo>(
    session.out,
    [
      { title: 'pipeline', cell: ({ name }) => name },
      { title: 'kind', cell: ({ kind }) => kind },
      { title: 'state', cell: ({ state, problems }) => (problems.length > 0 ? `${state}, with problems` : state) },
      { title: 'version', kind: 'right', cell: ({ version }) => (version === undefined ? '' : String(version)) },
      { title: 'reads', cell: ({ reads }) => (reads.length > 3 ? `${reads.length} topics` : reads.join(', ')) },
      { title: 'to', cell: ({ outputs }) => outputs.map(({ name }) => name).join(', ') },
      {
        title: 'deployed',
        optional: true,
        cell: ({ deployedAt, deployedBy }) => (deployedAt === undefined ? '' : `${age(deployedAt, now)} ago by ${deployedBy}`),
      },
    ],
    pipelines,
  )
  for (const { problems } of pipelines) for (const problem of problems) await session.remark(problem)
}
