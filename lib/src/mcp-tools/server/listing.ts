import type { Tool } from '@modelcontextprotocol/server'
import type { ToolDefinition } from '../../base/agent/index.ts'
import { inputOf, outputOf } from './callTool.ts'
import { toolJsonSchema } from './schema.ts'

type Json = Readonly<Record<string, unknown>>

/** Keywords left out of a list: they cost tokens, and a refusal says what an argument must be. */
const SILENT = new Set([
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'propertyNames',
  'minimum',
  'maximum',
  'format',
])

const schemas = new WeakMap<ToolDefinition, Json>()

/** The arguments of a tool for a model: names, types, choices, defaults, descriptions. Validation is unaffected. */
export function listedSchema(tool: ToolDefinition): Json {
  const known = schemas.get(tool)
  if (known) return known
  const { additionalProperties: _, ...made } = terse(toolJsonSchema(inputOf(tool), 'input'))
  schemas.set(tool, made)
  return made
}

function terse(schema: Json): Json {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (SILENT.has(key)) continue
    if (key === 'properties')
      kept[key] = Object.fromEntries(Object.entries(value as Record<string, Json>).map(([name, field]) => [name, terse(field)]))
    else if (key === 'anyOf' || key === 'oneOf') {
      const forms = (value as Json[]).map(terse).filter((form) => Object.keys(form).length > 0)
      if (forms.length > 0) kept[key] = forms
    } else if (key === 'items' && typeof value === 'object') kept[key] = terse(value as Json)
    else if (key === 'additionalProperties') {
      if (value === false || (typeof value === 'object' && Object.keys(value as Json).length > 0)) kept[key] = value
    } else if (key === 'type' && Array.isArray(value) && value.includes('boolean')) kept[key] = 'boolean'
    else kept[key] = value
  }
  return kept
}

const lists = new WeakMap<ToolDefinition, Tool>()
const fullLists = new WeakMap<ToolDefinition, Tool>()

/** A tool in the form of a list; cached. */
export function listedTool(tool: ToolDefinition, outputSchemas: boolean): Tool {
  const known = (outputSchemas ? fullLists : lists).get(tool)
  if (known) return known
  const reads = tool.effect === 'read'
  const listed = {
    name: tool.name,
    title: tool.title,
    description: tool.summary,
    inputSchema: { type: 'object', ...listedSchema(tool) },
    ...(outputSchemas && { outputSchema: toolJsonSchema(outputOf(tool), 'output') }),
    annotations: { readOnlyHint: reads, ...(!reads && { destructiveHint: tool.effect === 'destroy' }), openWorldHint: false },
  } as Tool
  ;(outputSchemas ? fullLists : lists).set(tool, listed)
  return listed
}
