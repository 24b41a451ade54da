import type { CallToolResult, Tool } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { ToolDefinition } from '../../base/agent/index.ts'
import { suggest } from '../../base/types/index.ts'
import { CALL_TOOL, callInput, FIND_TOOLS, findInput, findTools, foundText } from './finding.ts'
import { describeIssue } from './issues.ts'
import { listedTool } from './listing.ts'
import { refusal } from './result.ts'

/** The tools of one kind of connection. */
export interface Catalogue {
  readonly listed: Tool[]
  /** Listed tools and those that `find_tools` finds. */
  readonly byName: ReadonlyMap<string, ToolDefinition>
}

interface Listed {
  readonly tools: readonly ToolDefinition[]
  readonly more?: readonly ToolDefinition[] | undefined
  readonly outputSchemas?: boolean | undefined
}

/** Caches, by the list of tools, which an offer creates once. */
const made = {
  plain: new WeakMap<readonly ToolDefinition[], Catalogue>(),
  full: new WeakMap<readonly ToolDefinition[], Catalogue>(),
}

export function catalogueOf({ tools, more = [], outputSchemas = false }: Listed): Catalogue {
  const known = made[outputSchemas ? 'full' : 'plain']
  const kept = known.get(tools)
  if (kept) return kept
  const all = [...tools, ...more]
  const catalogue = {
    listed: [...tools.map((tool) => listedTool(tool, outputSchemas)), ...(more.length > 0 ? finders(all) : [])],
    byName: new Map(all.map((tool) => [tool.name, tool])),
  }
  known.set(tools, catalogue)
  return catalogue
}

const argumentsOf = (schema: z.ZodObject): Tool['inputSchema'] => {
  const { $schema: _, additionalProperties: __, ...json } = z.toJSONSchema(schema, { io: 'input' })
  return json as Tool['inputSchema']
}

function finders(all: readonly ToolDefinition[]): Tool[] {
  const reads = all.every(({ effect }) => effect === 'read')
  const destroys = all.some(({ effect }) => effect === 'destroy')
  return [
    {
      name: FIND_TOOLS,
      title: 'Find more tools',
      description: `Finds tools that are not listed, by words, and says how to call them: correlation, storing records, backfill, starting sources, topics, dead letters, pipelines, containers. Use it when no listed tool fits; then ${CALL_TOOL}.`,
      inputSchema: argumentsOf(findInput),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    {
      name: CALL_TOOL,
      title: 'Call a found tool',
      description: `Calls a tool that ${FIND_TOOLS} found.`,
      inputSchema: argumentsOf(callInput),
      annotations: { readOnlyHint: reads, ...(!reads && { destructiveHint: destroys }), openWorldHint: false },
    },
  ]
}

export function answerFind({ byName }: Catalogue, given: unknown): CallToolResult {
  const asked = findInput.safeParse(given ?? {})
  if (!asked.success) return refusal(wording(FIND_TOOLS, asked.error, given))
  const found = findTools([...byName.values()], asked.data.words, asked.data.limit)
  return { content: [{ type: 'text', text: foundText(found) }], structuredContent: { ...found } }
}

/** The tool and arguments of a call of `call_tool`. */
export function toolToCall(
  catalogue: Catalogue,
  given: unknown,
): { readonly tool: ToolDefinition; readonly given: unknown } | { readonly refused: string } {
  const asked = callInput.safeParse(given ?? {})
  if (!asked.success) return { refused: wording(CALL_TOOL, asked.error, given) }
  const tool = catalogue.byName.get(asked.data.name)
  return tool
    ? { tool, given: asked.data.arguments }
    : { refused: `NOT_FOUND: ${unknownTool(asked.data.name, catalogue.byName)}.` }
}

export const unknownTool = (name: string, byName: Catalogue['byName']): string =>
  `this connection has no tool named "${name.slice(0, 60)}"${suggest(name.slice(0, 60), [...byName.keys()])}`

const wording = (tool: string, { issues }: z.ZodError, given: unknown): string =>
  `BAD_REQUEST: ${tool}: ${issues
    .slice(0, 5)
    .map((issue) => describeIssue(issue, given))
    .join('; ')}.`
