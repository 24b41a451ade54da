import type { z } from 'zod'
import type { ToolHandles } from '../types/contracts/tool.ts'
import type { RecordType, RecordValues } from '../types/index.ts'
import type { BaseAgent } from './BaseAgent.ts'
import type { Llm } from './llm/index.ts'
import type { McpCaller } from './mcp/MCPWrapper.ts'

/** What an agent works with. It passes records to the data plane and never carries them itself. */
export interface AgentParts extends ToolHandles {
  /** The platform's own tools, as any MCP client has them. */
  readonly mcp: McpCaller
  /** The MCP servers of others that the configuration names; tools are called `server__tool`. */
  readonly servers: McpCaller
  /** The optional language model, with the tools that this agent may have it call: `ask`, and `explain` for a comment. */
  readonly llm: Llm
  /** Into the stream, like the records of any source: checked, keyed, and stored by the consumers. */
  publish<R extends RecordValues>(type: RecordType<R>, records: readonly R[]): Promise<void>
}

export interface SettingsProblem {
  readonly path: string
  readonly message: string
}

/** What a folder of `agents/` exports: the registry, the settings, the command line and the reference page come from it. */
export interface AgentDefinition<C extends z.ZodObject = z.ZodObject> {
  /** That of its folder, such as `crypto-market`. */
  readonly name: string
  /** What it does, in one sentence without a dot. */
  readonly summary: string
  /** Its settings, under `agents.<name>` in qicore.yaml. */
  readonly config: C
  /** The tools, or sets of them, that its language model may call; only those that read. Default: those of `llm.tools`. */
  readonly tools?: readonly string[]
  /** What is wrong with its settings in view of all the others, told when the configuration is read. @returns path within them, and why */
  check?(config: z.output<C>, all: Readonly<Record<string, unknown>>): SettingsProblem | undefined
  create(config: z.output<C>, parts: AgentParts): BaseAgent
}

export const defineAgent = <C extends z.ZodObject>(definition: AgentDefinition<C>): AgentDefinition<C> => definition
