import type { z } from 'zod'
import { defineWorkflow } from './defineWorkflow.ts'
import type { Flow } from './Flow.ts'
import type { Workflow } from './model.ts'

interface Named<I, O> {
  readonly name: string
  readonly summary: string
  readonly input: z.ZodType<I>
  readonly output: z.ZodType<O>
}

/** Runs several workflows one after another: each takes the result of the one before. */
export function pipeline<A, B, C>(name: string, summary: string, first: Workflow<A, B>, second: Workflow<B, C>): Workflow<A, C>
export function pipeline<A, B, C, D>(
  name: string,
  summary: string,
  first: Workflow<A, B>,
  second: Workflow<B, C>,
  third: Workflow<C, D>,
): Workflow<A, D>
export function pipeline(name: string, summary: string, ...workflows: readonly Workflow[]): Workflow {
  const [first, last] = [workflows[0] as Workflow, workflows.at(-1) as Workflow]
  return defineWorkflow({
    name,
    summary,
    input: first.input,
    output: last.output,
    steps: (start) => workflows.reduce<Flow<unknown, unknown>>((flow, workflow) => flow.workflow(workflow), start),
  })
}

/** Plans tasks, runs a worker for each at once, and joins their results. */
export function supervisor<I, T, R, O>({
  plan,
  workers,
  join,
  concurrency = 4,
  ...named
}: Named<I, O> & {
  readonly plan: (
    input: I,
  ) =>
    | readonly { readonly worker: string; readonly task: T }[]
    | Promise<readonly { readonly worker: string; readonly task: T }[]>
  readonly workers: Readonly<Record<string, Workflow<T, R>>>
  readonly join: (results: readonly { readonly worker: string; readonly result: R }[], input: I) => O | Promise<O>
  readonly concurrency?: number
}): Workflow<I, O> {
  return defineWorkflow<I, O, O>({
    ...named,
    steps: (start) =>
      start
        .step('plan', async (input) => ({ input, tasks: [...(await plan(input))] }))
        .parallel('work', (at) => ({
          input: at.step('input', ({ input }) => input),
          results: at.forEach(
            'each',
            ({ tasks }) => tasks,
            (one) =>
              one.branch(
                'worker',
                ({ worker }) => worker,
                (chosen) =>
                  Object.fromEntries(
                    Object.entries(workers).map(([worker, workflow]) => [
                      worker,
                      chosen
                        .step('task', ({ task }) => task)
                        .workflow(workflow)
                        .step('result', (result) => ({ worker, result })),
                    ]),
                  ),
              ),
            { concurrency },
          ),
        }))
        .step('join', ({ input, results }) => join(results, input)),
  })
}

/** The next agent and its input; `to: 'done'` ends the hand-off. */
export interface Handed<V> {
  readonly to: string
  readonly value: V
}

/** Agents that hand a task to one another until one sets `to: 'done'`, at most `most` times. */
export function handOff<V>({
  agents,
  most = 20,
  ...named
}: Named<Handed<V>, Handed<V>> & {
  readonly agents: Readonly<Record<string, Workflow<V, Handed<V>>>>
  readonly most?: number
}): Workflow<Handed<V>, Handed<V>> {
  return defineWorkflow<Handed<V>, Handed<V>, Handed<V>>({
    ...named,
    steps: (start) =>
      start.repeat(
        'turns',
        (at) =>
          at.branch(
            'agent',
            ({ to }) => to,
            (chosen) =>
              Object.fromEntries(
                Object.entries(agents).map(([name, workflow]) => [
                  name,
                  chosen.step('take', ({ value }) => value).workflow(workflow),
                ]),
              ),
          ),
        { until: ({ to }) => to === 'done', most },
      ),
  })
}
