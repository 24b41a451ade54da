import type { z } from 'zod'
import type { RecordType, RecordValues } from '../types/index.ts'
import type { BaseAgent } from './BaseAgent.ts'
import type { Llm } from './llm/index.ts'
import type { McpCaller } from './mcp/MCPWrapper.ts'
import type { ToolHandles } from './tool.ts'

/** Everything an agent works with. It hands records to the data plane and never transports them itself. */
export interface AgentParts extends ToolHandles {
  /** The platform's own tools, called in this process with the answers that any MCP client gets. */
  readonly mcp: McpCaller
  /** The third-party MCP servers of the configuration; tools are named `server__tool`. */
  readonly servers: McpCaller
  /** The optional language model with the tools of this agent: `ask`, and `explain` for a comment. */
  readonly llm: Llm
  /** Publishes records into the stream like any source: checked, keyed, and stored by the consumers. */
  publish<R extends RecordValues>(type: RecordType<R>, records: readonly R[]): Promise<void>
}

export interface SettingsProblem {
  readonly path: string
  readonly message: string
}

/** The export of a folder of `agents/`. Registry, settings, command line and reference page are made from it. */
export interface AgentDefinition<C extends z.ZodObject = z.ZodObject> {
  /** That of its folder, such as `crypto-market`. */
  readonly name: string
  /** Its purpose in one sentence without a full stop. */
  readonly summary: string
  /** Its settings, under `agents.<name>` in qicore.yaml. */
  readonly config: C
  /** The tools, or sets of them, that its language model may call; only those that read. Default: those of `llm.tools`. */
  readonly tools?: readonly string[]
  /** Checks its settings against all the others when the configuration is loaded. @returns the first problem: path within them, and why */
  check?(config: z.output<C>, all: Readonly<Record<string, unknown>>): SettingsProblem | undefined
  create(config: z.output<C>, parts: AgentParts): BaseAgent
}

export const defineAgent = <C extends z.ZodObject>(definition: AgentDefinition<C>): AgentDefinition<C> => definition
