import { retry, withTimeout } from '../../networking/index.ts'
import { type Logger, QiError, toQiError } from '../../types/index.ts'
import { checkedBy, type Flow } from './Flow.ts'
import { flowAt, stepAt } from './find.ts'
import type { Done, Failure, Journal, Lane, LaneResult } from './journal.ts'
import type { FlowNode, StepContext, Workflow } from './model.ts'

/** A run, or a lane of one, in progress. */
export interface Scope {
  readonly workflow: Workflow
  readonly journal: Journal
  readonly logger: Logger
}

interface Place {
  readonly path: string
  readonly node: readonly string[]
}

type StepNode = Extract<FlowNode, { kind: 'step' }>
type Kept = { readonly value: unknown } | { readonly failure: Failure }

const STEP_TIMEOUT_MS = 300_000

/** A timer longer than this would fire at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/**
 * Runs a workflow on checked input. After a final failure the finished steps are compensated in reverse order.
 * @throws QiError of the step that failed
 */
export async function runWorkflow(scope: Scope, input: unknown): Promise<unknown> {
  const done: Done[] = []
  try {
    const value = await runFlow(scope, scope.workflow.flow, input, { path: '', node: [] }, done)
    return checkedBy(scope.workflow, 'output', value)
  } catch (error) {
    const failure = toQiError(error)
    const left = scope.journal.ended ? [] : await undo(scope, done)
    if (left.length === 0) throw failure
    const { code, retryable, field } = failure
    throw new QiError(code, `${failure.message}; not undone: ${left.join('; ')}`, {
      cause: failure,
      retryable,
      ...(field !== undefined && { field }),
    })
  }
}

/** Runs one lane. The failure of a step is part of the result, never thrown. */
export async function runLane(scope: Scope, { flow, jobs }: Lane): Promise<LaneResult> {
  const done: Done[] = []
  const outputs: unknown[] = []
  try {
    for (const { path, value } of jobs)
      outputs.push(await runFlow(scope, flowAt(scope.workflow, flow), value, { path, node: flow }, done))
    return { outputs, done }
  } catch (error) {
    return { outputs, done, failure: kept(error) }
  }
}

async function runFlow(scope: Scope, flow: Flow<unknown, unknown>, input: unknown, at: Place, done: Done[]): Promise<unknown> {
  let value = input
  for (const node of flow.nodes) {
    const path = at.path ? `${at.path}/${node.name}` : node.name
    value = await runNode(scope, node, value, { path, node: [...at.node, node.name] }, done)
  }
  return value
}

async function runNode(scope: Scope, node: FlowNode, value: unknown, place: Place, done: Done[]): Promise<unknown> {
  const { journal } = scope
  const within = (flow: Flow<unknown, unknown>, given: unknown, suffix: string, ...name: string[]) =>
    runFlow(scope, flow, given, { path: `${place.path}${suffix}`, node: [...place.node, ...name] }, done)
  switch (node.kind) {
    case 'step': {
      const output = await attempted(scope, place.path, node, (context) => node.run(value, context))
      if (node.options.compensate) done.push({ ...place, input: value, output })
      return output
    }
    case 'branch': {
      const name = node.choose(value)
      const flow = node.flows[name]
      if (!flow) throw new QiError('INTERNAL', `${scope.workflow.name}: ${place.path} chose "${name}", which it has not`)
      return within(flow, value, `/${name}`, name)
    }
    case 'each': {
      const items = node.items(value)
      if (node.concurrency === 1) {
        const outputs: unknown[] = []
        for (const [i, item] of items.entries()) outputs.push(await within(node.flow, item, `[${i}]`))
        return outputs
      }
      return forkEach(scope, items, node.concurrency, place, done)
    }
    case 'repeat': {
      let last = value
      for (let i = 0; i < node.most; i++) {
        last = await within(node.flow, last, node.most === 1 ? '' : `[${i}]`)
        if (node.until(last)) return last
      }
      throw new QiError('CONFLICT', `${scope.workflow.name}: ${place.path} did not come to an end in ${node.most} rounds`)
    }
    case 'parallel': {
      const names = Object.keys(node.flows)
      const lanes = names.map((name) => ({ flow: [...place.node, name], jobs: [{ path: `${place.path}/${name}`, value }] }))
      const results = joined(await journal.fork(place.path, lanes), done)
      return Object.fromEntries(names.map((name, i) => [name, results[i]?.outputs[0]]))
    }
    case 'wait':
      await journal.sleep(place.path, node.ms(value))
      return value
    case 'approval': {
      const question = node.question(value)
      const { approved, by, note } = await journal.ask(
        place.path,
        question,
        Math.min(node.options.timeoutMs ?? 7 * 86_400_000, LONGEST_WAIT_MS),
      )
      if (!approved) throw new QiError('CANCELLED', `"${question}" was refused${by ? ` by ${by}` : ''}${note ? `: ${note}` : ''}`)
      return value
    }
  }
}

/** Item i goes to lane i mod n, so that the split is the same in every repetition. */
async function forkEach(scope: Scope, items: readonly unknown[], concurrency: number, place: Place, done: Done[]) {
  const count = Math.min(concurrency, items.length)
  const jobs = items.map((value, i) => ({ path: `${place.path}[${i}]`, value }))
  const lanes = Array.from({ length: count }, (_, lane) => ({
    flow: place.node,
    jobs: jobs.filter((_job, i) => i % count === lane),
  }))
  const results = joined(await scope.journal.fork(place.path, lanes), done)
  return items.map((_, i) => results[i % count]?.outputs[Math.floor(i / count)])
}

function joined(results: readonly LaneResult[], done: Done[]): readonly LaneResult[] {
  for (const result of results) done.push(...result.done)
  const failed = results.find(({ failure }) => failure)
  if (failed?.failure) throw revived(failed.failure)
  return results
}

/** Runs a step, or its compensation, with retries. A final failure is recorded too: a resumed run does not repeat it. */
async function attempted(scope: Scope, path: string, { options }: StepNode, work: (context: StepContext) => unknown) {
  const { workflow, journal, logger } = scope
  const { retry: settings, timeoutMs = STEP_TIMEOUT_MS } = options
  const once = (attempt: number, signal: AbortSignal) => {
    let effects = 0
    const context: StepContext = {
      run: journal.run,
      path,
      attempt: attempt + 1,
      signal,
      logger: logger.child({ run: journal.run, step: path }),
      transaction: (effect) => journal.transaction(`${path}#${effects++}`, effect),
    }
    return Promise.resolve(work(context))
  }
  const result = await journal.record<Kept>(path, async (signal) => {
    try {
      const value = await retry(
        (attempt) => withTimeout(timeoutMs, `${workflow.name}: ${path}`, (inner) => once(attempt, inner), signal),
        { attempts: 1, totalMs: Number.MAX_SAFE_INTEGER, ...settings, signal },
      )
      return { value }
    } catch (error) {
      logger.warn({ run: journal.run, step: path, err: error }, 'a step failed')
      return { failure: kept(error) }
    }
  })
  if ('failure' in result) throw revived(result.failure)
  return result.value
}

/** @returns the steps that could not be undone, each with its error */
async function undo(scope: Scope, done: readonly Done[]): Promise<readonly string[]> {
  const left: string[] = []
  for (const { path, node, input, output } of done.toReversed()) {
    const step = stepAt(scope.workflow, node)
    await attempted(scope, `${path}/undo`, step, (context) => step.options.compensate?.(input, output, context)).catch(
      (error: QiError) => left.push(`${path} (${error.message})`),
    )
  }
  return left
}

function kept(error: unknown): Failure {
  const { code, message, retryable, retryAfterMs, field } = toQiError(error)
  return { code, message, retryable, retryAfterMs, field }
}

export const revived = ({ code, message, ...details }: Failure): QiError =>
  new QiError(code, message, Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)))
