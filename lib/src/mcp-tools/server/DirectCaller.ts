import type { CallToolResult } from '@modelcontextprotocol/server'
import type { McpCaller, ToolDefinition, ToolHandles } from '../../base/agent/index.ts'
import { abortable, throwIfAborted } from '../../base/networking/index.ts'
import { QiError } from '../../base/types/index.ts'
import { MOST_TOKENS } from '../answer/answerOf.ts'
import { AGREED, callTool } from './callTool.ts'
import { unknownTool } from './catalogue.ts'
import { failureResult, successResult } from './result.ts'
import { selectTools } from './select.ts'

export interface DirectCallerOptions {
  readonly handles: () => ToolHandles | Promise<ToolHandles>
  /** Default: all, destructive ones included. */
  readonly tools?: readonly ToolDefinition[]
  /** True if a model reads the answers: they are then no longer than {@link MOST_TOKENS}. Default: false. */
  readonly bounded?: boolean
}

/**
 * Our own tools for callers in this process, with the answers of an MCP client and no wire between. A tool does not ask before it
 * destroys something ({@link AGREED}): workflows ask by themselves, and a model gets no such tool. Calls have no time limit of their own.
 */
export class DirectCaller implements McpCaller {
  readonly #handles: DirectCallerOptions['handles']
  readonly #byName: ReadonlyMap<string, ToolDefinition>
  readonly #mostTokens: number | undefined

  constructor({ handles, tools = selectTools({ destructive: true }), bounded = false }: DirectCallerOptions) {
    this.#handles = handles
    this.#byName = new Map(tools.map((tool) => [tool.name, tool]))
    this.#mostTokens = bounded ? MOST_TOKENS : undefined
  }

  /** @throws QiError NOT_FOUND for an unknown tool; CANCELLED, TIMEOUT as soon as the signal is aborted */
  async callTool(
    name: string,
    input: Record<string, unknown>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<CallToolResult> {
    throwIfAborted(signal)
    const tool = this.#byName.get(name)
    if (!tool) throw new QiError('NOT_FOUND', unknownTool(name, this.#byName))
    return abortable(this.#run(tool, input, signal), signal)
  }

  async #run(tool: ToolDefinition, input: Record<string, unknown>, signal: AbortSignal | undefined): Promise<CallToolResult> {
    try {
      const context = {
        ...(await this.#handles()),
        signal: signal ?? new AbortController().signal,
        mostTokens: this.#mostTokens,
        progress() {}, // nobody listens: a workflow notes its own progress
      }
      return successResult(await callTool(tool, input, context, AGREED))
    } catch (failure) {
      return failureResult(tool, failure, this.#handles)
    }
  }
}
