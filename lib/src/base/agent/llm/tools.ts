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
 * The tools in the form of the AI SDK. Arguments are not validated here: the tool itself refuses wrong ones and says what to do. The SDK
 * does not run them: `ask` does.
 */
export async function toolSet(offered: readonly OfferedTool[]): Promise<ToolSet> {
  const { jsonSchema, tool } = await import('ai')
  const own = { name: CALCULATE, description: CALCULATE_SUMMARY, input: z.toJSONSchema(calculation, { io: 'input' }) }
  return Object.fromEntries(
    [...offered, own].map(({ name, description, input }) => [name, tool({ description, inputSchema: jsonSchema(input) })]),
  )
}
