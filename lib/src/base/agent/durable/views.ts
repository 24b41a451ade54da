import { ERROR_CODES, type ErrorCode, QiError } from '../../types/index.ts'
import type { RunState, RunStatus } from '../workflow/runner.ts'
import { QUESTION } from './DurableJournal.ts'
import type { DbosLibrary } from './dbos.ts'
import { LANE } from './dbos.ts'

type Found = Awaited<ReturnType<DbosLibrary['listWorkflows']>>[number]

const STATES: Readonly<Record<string, RunState>> = {
  PENDING: 'running',
  ENQUEUED: 'running',
  DELAYED: 'running',
  SUCCESS: 'succeeded',
  CANCELLED: 'cancelled',
}

interface Asked {
  /** Id of the run or lane that gets the answer. */
  readonly workflow: string
  readonly step: string
  readonly question: string
}

export const isUnfinished = ({ status }: Pick<Found, 'status'>): boolean => STATES[status] === 'running'

/** @param stranded true if no live process knows its steps */
export async function viewOf(dbos: DbosLibrary, found: Found, stranded: boolean): Promise<RunStatus> {
  const questions = isUnfinished(found) ? await questionsOf(dbos, found.workflowID) : []
  const state = STATES[found.status] ?? 'failed'
  return {
    id: found.workflowID,
    workflow: String(found.input?.[0] ?? 'unknown'),
    state: state !== 'running' ? state : stranded ? 'stranded' : questions.length > 0 ? 'waiting' : state,
    startedAt: found.createdAt,
    ...(found.completedAt && { endedAt: found.completedAt }),
    questions: questions.map(({ step, question }) => ({ step, question })),
    ...(found.error !== undefined && found.error !== null && { error: revivedError(found.error).message }),
    steps: await stepsOf(dbos, found.workflowID),
  }
}

/** Open questions of a run and its lanes. */
export async function questionsOf(dbos: DbosLibrary, id: string): Promise<readonly Asked[]> {
  const lanes = await dbos.listWorkflows({ parentWorkflowID: id, workflowName: LANE, loadInput: false, loadOutput: false })
  const own = await dbos.getEvent<{ step: string; question: string }>(id, QUESTION, { timeoutSeconds: 0 })
  const theirs = await Promise.all(lanes.filter(isUnfinished).map((lane) => questionsOf(dbos, lane.workflowID)))
  return [...(own ? [{ workflow: id, ...own }] : []), ...theirs.flat()]
}

async function stepsOf(dbos: DbosLibrary, id: string): Promise<readonly string[]> {
  const steps = (await dbos.listWorkflowSteps(id)) ?? []
  const found = await Promise.all(
    steps.map(({ name, childWorkflowID }) =>
      childWorkflowID && name === LANE ? stepsOf(dbos, childWorkflowID) : name.startsWith('DBOS.') ? [] : [name],
    ),
  )
  return found.flat()
}

/** A stored error as a QiError again. */
export function revivedError(error: unknown): QiError {
  if (error instanceof QiError) return error
  const { code, message, field } = error as Partial<QiError>
  if (code !== undefined && code in ERROR_CODES)
    return new QiError(code as ErrorCode, message ?? code, { cause: error, ...(field !== undefined && { field }) })
  return new QiError('INTERNAL', message ?? String(error), { cause: error })
}
