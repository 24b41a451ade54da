import type { ToolSet } from 'ai'
import { z } from 'zod'
import { CALCULATE, CALCULATE_SUMMARY, calculation } from './calculate.ts'

/** A tool that a model may call. */
export interface OfferedTool {
  readonly name: string
  readonly description: string
  /** JSON Schema of its arguments. */
  readonly input: Readonly<Record<string, unknown>>
}

/**
 * As the AI SDK takes them. They let all arguments through: the tool refuses those that are wrong, in words that say what to do. None
 * carries itself out: that is done by whoever asks.
 */
export async function toolSet(offered: readonly OfferedTool[]): Promise<ToolSet> {
  const { jsonSchema, tool } = await import('ai')
  const own = { name: CALCULATE, description: CALCULATE_SUMMARY, input: z.toJSONSchema(calculation, { io: 'input' }) }
  return Object.fromEntries(
    [...offered, own].map(({ name, description, input }) => [name, tool({ description, inputSchema: jsonSchema(input) })]),
  )
}
