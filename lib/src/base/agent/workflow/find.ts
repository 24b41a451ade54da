import { createHash } from 'node:crypto'
import { QiError } from '../../types/index.ts'
import type { Flow } from './Flow.ts'
import type { FlowNode, Workflow } from './model.ts'

type AnyFlow = Flow<unknown, unknown>

/** The flow at a path of node names; after a branch or parallel node the name of the flow follows. */
export function flowAt(workflow: Workflow, names: readonly string[]): AnyFlow {
  let flow = workflow.flow
  for (let i = 0; i < names.length; i++) {
    const node = flow.nodes.find(({ name }) => name === names[i])
    const next =
      node?.kind === 'each' || node?.kind === 'repeat'
        ? node.flow
        : node?.kind === 'parallel' || node?.kind === 'branch'
          ? node.flows[names[++i] ?? '']
          : undefined
    if (!next) throw missing(workflow, names)
    flow = next
  }
  return flow
}

export function stepAt(workflow: Workflow, names: readonly string[]): Extract<FlowNode, { kind: 'step' }> {
  const node = flowAt(workflow, names.slice(0, -1)).nodes.find(({ name }) => name === names.at(-1))
  if (node?.kind !== 'step') throw missing(workflow, names)
  return node
}

const missing = ({ name }: Workflow, names: readonly string[]): QiError =>
  new QiError('INTERNAL', `the workflow ${name} has nothing at ${names.join('/')}`)

/** A hash of the steps and their order: a process can resume the runs of another with the same shape. */
export function shapeOf(workflows: readonly Workflow[]): string {
  const shapes = workflows.map(({ name, flow }) => [name, outline(flow)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(shapes)).digest('hex').slice(0, 12)
}

function outline({ nodes }: AnyFlow): unknown {
  return nodes.map((node) => [
    node.kind,
    node.name,
    'flow' in node
      ? outline(node.flow)
      : 'flows' in node
        ? Object.entries(node.flows).map(([name, flow]) => [name, outline(flow)])
        : [],
    node.kind === 'each' ? node.concurrency : 0,
  ])
}
