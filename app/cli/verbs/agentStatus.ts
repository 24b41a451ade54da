import type { RunStatus } from '../../../lib/src/base/agent/index.ts'
import { escapeHidden, QiError } from '../../../lib/src/base/types/index.ts'
import { withAgents } from '../agents.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { printTable } from '../text/table.ts'

export interface AgentStatusInput {
  readonly run?: string
  readonly limit?: number
}

export async function run(session: Session, { run: id, limit = 20 }: AgentStatusInput): Promise<undefined> {
  await withAgents(session, { observing: true }, async ({ runner }) => {
    if (id === undefined) return printRuns(session, await runner.list({ limit }))
    const found = await runner.status(id)
    if (session.csv)
      throw new QiError('BAD_REQUEST', '--csv prints the list of runs alone: for one run leave it out, or use --json', {
        field: 'csv',
      })
    if (!found) throw new QiError('NOT_FOUND', `there is no run ${id}; qicore agent status lists them`, { field: 'run' })
    await printRun(session, found)
  })
}

const time = (at: number): string => new Date(at).toISOString().slice(0, 19)

async function printRuns(session: Session, runs: readonly RunStatus[]): Promise<void> {
  if (session.json) return session.out.json(runs)
  if (session.csv)
    return void (await printCsv(
      session.out,
      ['id', 'workflow', 'state', 'startedAt', 'endedAt', 'steps', 'questions', 'error'],
      runs.map((one) => ({ ...one })),
    ))
  if (runs.length === 0) return session.out.line('No agent has run a workflow yet: qicore agent run NAME')
  await printTable(
    session.out,
    [
      { title: 'run', cell: (run) => run.id },
      { title: 'state', cell: (run) => run.state },
      { title: 'started', cell: (run) => time(run.startedAt) },
      { title: 'steps', cell: (run) => String(run.steps.length) },
      {
        title: 'question or error',
        cell: (run) => run.questions.map(({ question }) => question).join('; ') || (run.error ?? ''),
      },
    ],
    runs,
  )
}

async function printRun(session: Session, run: RunStatus): Promise<void> {
  if (session.json) return session.out.json(run)
  await session.out.line(`${run.id}: ${run.state}`)
  await session.out.line(`started ${time(run.startedAt)}${run.endedAt ? `, ended ${time(run.endedAt)}` : ''}`)
  if (run.error) await session.out.line(`because: ${escapeHidden(run.error)}`)
  for (const step of run.steps) await session.out.line(`  ${escapeHidden(step)}`)
  for (const { step, question } of run.questions) await session.out.line(escapeHidden(`asks at ${step}: ${question}`))
}
