import type { CallToolResult } from '@modelcontextprotocol/server'
import type { ToolDefinition, ToolHandles } from '../../base/agent/index.ts'
import { toQiError } from '../../base/types/index.ts'
import type { ToolAnswer } from '../answer/answerOf.ts'
import { explainFailure } from './callTool.ts'

/** An answer in the form of MCP. */
export const successResult = ({ structured, text }: ToolAnswer): CallToolResult => ({
  content: [{ type: 'text', text }],
  structuredContent: { ...structured },
})

/** A failure in the form of MCP: its text begins with the code. A defect (INTERNAL) is logged, because the text does not name its cause. */
export async function failureResult(
  tool: ToolDefinition,
  failure: unknown,
  handles: () => ToolHandles | Promise<ToolHandles>,
): Promise<CallToolResult> {
  const { text, error } = explainFailure(failure)
  if (error.code === 'INTERNAL') {
    const { logger } = await handles()
    logger.error({ tool: tool.name, err: toQiError(failure) }, `${tool.name} failed`)
  }
  return refusal(text)
}

export const refusal = (text: string): CallToolResult => ({ content: [{ type: 'text', text }], isError: true })
