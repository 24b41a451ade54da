import type { z } from 'zod'
import { QiError } from '../../types/index.ts'
import { Flow } from './Flow.ts'
import type { Workflow } from './model.ts'

export interface WorkflowParts<I, O, G> {
  readonly name: string
  /** Its purpose in one sentence. */
  readonly summary: string
  readonly input: z.ZodType<I>
  readonly output: z.ZodType<O>
  /** The result of the last step must fit `output`. */
  readonly steps: (start: Flow<I, I>) => Flow<I, G>
}

/**
 * @example
 * const greet = defineWorkflow({
 *   name: 'greet',
 *   summary: 'Greets somebody',
 *   input: z.object({ name: z.string() }),
 *   output: z.string(),
 *   steps: (start) => start.step('write', ({ name }) => `hello ${name}`),
 * })
 */
export function defineWorkflow<I, O, G extends O>({ steps, ...parts }: WorkflowParts<I, O, G>): Workflow<I, O> {
  if (!/^[a-z][a-z0-9-]*$/.test(parts.name))
    throw new QiError('INTERNAL', `a workflow is called "${parts.name}": lower case, digits and hyphens are allowed`)
  return { ...parts, flow: steps(Flow.start<I>()) as unknown as Flow<unknown, unknown> }
}
