import { QiError, wordIssue } from '../../types/index.ts'
import type { ApprovalOptions, FlowNode, StepContext, StepOptions, Workflow } from './model.ts'

type AnyFlow = Flow<unknown, unknown>
type OutputOf<F> = F extends Flow<never, infer O> ? O : F extends Flow<infer _, infer O> ? O : never

/**
 * The steps of a workflow, typed from one to the next. Each method returns a new flow. Callbacks that choose between steps (`choose`,
 * `items`, `until`, `ms`, `question`) must depend on their value alone: a resumed run calls them again.
 */
export class Flow<I, O> {
  /** The input type; has no value. */
  declare readonly takes: I
  readonly nodes: readonly FlowNode[]

  private constructor(nodes: readonly FlowNode[]) {
    this.nodes = nodes
  }

  /** A flow without steps: its output is its input. */
  static start<I>(): Flow<I, I> {
    return new Flow<I, I>([])
  }

  /** Work whose result is recorded. Runs at least once; its `context.transaction` effects happen exactly once. */
  step<N>(name: string, run: (value: O, context: StepContext) => N | Promise<N>, options: StepOptions<O, N> = {}): Flow<I, N> {
    return this.#with<N>({ kind: 'step', name, run, options } as unknown as FlowNode)
  }

  /** Runs several flows at once on the same value; the output has each result by name. */
  parallel<F extends Readonly<Record<string, Flow<O, unknown>>>>(
    name: string,
    build: (start: Flow<O, O>) => F,
  ): Flow<I, { readonly [K in keyof F]: OutputOf<F[K]> }> {
    return this.#with({ kind: 'parallel', name, flows: build(Flow.start<O>()) as unknown as Record<string, AnyFlow> })
  }

  /** Runs one of several flows. */
  branch<F extends Readonly<Record<string, Flow<O, unknown>>>>(
    name: string,
    choose: (value: O) => keyof F & string,
    build: (start: Flow<O, O>) => F,
  ): Flow<I, OutputOf<F[keyof F]>> {
    return this.#with({
      kind: 'branch',
      name,
      choose,
      flows: build(Flow.start<O>()) as unknown as Record<string, AnyFlow>,
    } as FlowNode)
  }

  /** Runs a flow for each item, `concurrency` at once (default 1); the output has the results in order. */
  forEach<T, N>(
    name: string,
    items: (value: O) => readonly T[],
    build: (start: Flow<T, T>) => Flow<T, N>,
    { concurrency = 1 }: { readonly concurrency?: number } = {},
  ): Flow<I, readonly N[]> {
    return this.#with({ kind: 'each', name, items, flow: build(Flow.start<T>()) as unknown as AnyFlow, concurrency } as FlowNode)
  }

  /** Repeats a flow until `until` is true, at most `most` times; CONFLICT after that. */
  repeat(
    name: string,
    build: (start: Flow<O, O>) => Flow<O, O>,
    { until, most }: { readonly until: (value: O) => boolean; readonly most: number },
  ): Flow<I, O> {
    return this.#with({ kind: 'repeat', name, flow: build(Flow.start<O>()) as unknown as AnyFlow, until, most } as FlowNode)
  }

  /** Waits, also across a restart. */
  wait(name: string, ms: number | ((value: O) => number)): Flow<I, O> {
    return this.#with({ kind: 'wait', name, ms: typeof ms === 'number' ? () => ms : ms } as FlowNode)
  }

  /** Waits for a human's approval. A refusal compensates the finished steps and ends the run with CANCELLED. */
  approval(name: string, question: (value: O) => string, options: ApprovalOptions = {}): Flow<I, O> {
    return this.#with({ kind: 'approval', name, question, options } as FlowNode)
  }

  /** Runs the steps of another workflow as part of this one; its input and output are checked. */
  workflow<N>(other: Workflow<O, N>): Flow<I, N> {
    const checked = (kind: 'input' | 'output') => (value: unknown) => checkedBy(other, kind, value)
    const flow = new Flow<unknown, unknown>([
      { kind: 'step', name: 'input', run: checked('input'), options: {} },
      ...other.flow.nodes,
      { kind: 'step', name: 'output', run: checked('output'), options: {} },
    ])
    return this.#with({ kind: 'repeat', name: other.name, flow, until: () => true, most: 1 })
  }

  #with<N>(node: FlowNode): Flow<I, N> {
    if (this.nodes.some(({ name }) => name === node.name))
      throw new QiError('INTERNAL', `two steps of one flow are called "${node.name}": what a step gave is kept under its name`)
    if (!/^[\w .-]+$/.test(node.name))
      throw new QiError('INTERNAL', `a step is called "${node.name}": letters, digits, spaces, dots and hyphens are allowed`)
    return new Flow<I, N>([...this.nodes, node])
  }
}

/** @throws QiError BAD_REQUEST for an input, BAD_DATA for an output, naming field, value and what was expected */
export function checkedBy(workflow: Workflow, kind: 'input' | 'output', value: unknown): unknown {
  const parsed = workflow[kind].safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.join('.') ?? ''
  const found = issue?.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value)
  const shown = JSON.stringify(found)?.slice(0, 60) ?? 'nothing'
  throw new QiError(
    kind === 'input' ? 'BAD_REQUEST' : 'BAD_DATA',
    `${workflow.name}: ${kind}${path && `.${path}`} is ${shown}: ${issue && wordIssue(issue, true)}`,
    { field: path },
  )
}
