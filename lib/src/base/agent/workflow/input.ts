import { z } from 'zod'
import { QiError, suggest } from '../../types/index.ts'
import { checkedBy } from './Flow.ts'
import type { Workflow } from './model.ts'

/**
 * The checked input of a run. Unknown fields are refused, so that a misspelt name is not ignored silently.
 * @throws QiError BAD_REQUEST naming the field, its value and what is expected
 */
export function checkedInput(workflow: Workflow, given: unknown): unknown {
  const { name, input } = workflow
  if (input instanceof z.ZodObject && input.def.catchall === undefined && typeof given === 'object' && given !== null) {
    const known = Object.keys(input.shape)
    const unknown = Object.keys(given).find((key) => !known.includes(key))
    if (unknown !== undefined) {
      const field = unknown.slice(0, 60)
      const takes = known.length > 0 ? suggest(field, known) : '; it takes nothing'
      throw new QiError('BAD_REQUEST', `${name}: input.${field} is unknown${takes}`, { field })
    }
  }
  return checkedBy(workflow, 'input', given)
}
