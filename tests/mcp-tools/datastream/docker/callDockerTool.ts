import type { ToolContext } from '../../../../lib/src/base/agent/index.ts'
import type { ServiceControl } from '../../../../lib/src/base/types/index.ts'
import { AGREED, callTool, explainFailure, type ToolAnswer, toolNamed } from '../../../../lib/src/mcp-tools/index.ts'

/** Calls of tools that work on nothing but the services, by somebody who has agreed to them. */
export const caller =
  (services: ServiceControl) =>
  (name: string, input: object = {}, told: string[] = []): Promise<ToolAnswer> => {
    const progress = (done: number, total: number | undefined, message: string) => void told.push(`${done}/${total} ${message}`)
    const context = { services, signal: new AbortController().signal, progress }
    return callTool(toolNamed(name), input, context as unknown as ToolContext, AGREED)
  }

/** The text of a failed call for a model. */
export const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'it succeeded',
    (error: unknown) => explainFailure(error).text,
  )
