import { z } from 'zod'
import type { ToolDefinition } from '../../base/agent/index.ts'
import { QiError, suggest } from '../../base/types/index.ts'
import { tools } from '../index.gen.ts'

export interface Selection {
  /** Names of tools or sets (`default`, `all`, RedpandaTools …). Default: all. */
  readonly names?: readonly string[] | undefined
  /** Only tools that change nothing. */
  readonly readOnly?: boolean | undefined
  /** True: destructive tools too. Default false. */
  readonly destructive?: boolean | undefined
}

/** The sets of the default tools and of all tools. */
const DEFAULT = 'default'
const ALL = 'all'

/** Names of the sets. */
export const toolsetNames = (): readonly string[] => [DEFAULT, ALL, ...new Set(tools.map(({ set }) => set))]

/** @throws QiError BAD_REQUEST for an unknown name */
export function selectTools({ names, readOnly = false, destructive = false }: Selection = {}): readonly ToolDefinition[] {
  const known = [...toolsetNames(), ...tools.map(({ name }) => name)]
  for (const name of names ?? [])
    if (!known.includes(name))
      throw new QiError('BAD_REQUEST', `tools: there is no tool or set named "${name}"${suggest(name, known)}`, {
        field: 'tools',
      })
  const named = tools.filter(
    ({ name, set, inDefaultSet }) =>
      !names || names.includes(ALL) || names.includes(name) || names.includes(set) || (inDefaultSet && names.includes(DEFAULT)),
  )
  const offered = destructive ? named.map(whole) : named.flatMap(harmless)
  return offered.filter(({ effect }) => !readOnly || effect === 'read')
}

/** Caches of both forms of each tool: schemas are cached by the identity of a definition. */
const forms = {
  whole: new WeakMap<ToolDefinition, ToolDefinition>(),
  harmless: new WeakMap<ToolDefinition, readonly ToolDefinition[]>(),
}

function once<T>(known: WeakMap<ToolDefinition, T>, tool: ToolDefinition, make: (tool: ToolDefinition) => T): T {
  const found = known.get(tool)
  if (found !== undefined) return found
  const made = make(tool)
  known.set(tool, made)
  return made
}

/** A tool with all its actions. */
const whole = (tool: ToolDefinition): ToolDefinition =>
  once(forms.whole, tool, (of) => (of.destructive ? { ...of, summary: `${of.summary} ${of.destructive.summary}` } : of))

/** A tool without its destructive actions; none if it only destroys. */
const harmless = (tool: ToolDefinition): readonly ToolDefinition[] => once(forms.harmless, tool, makeHarmless)

function makeHarmless(tool: ToolDefinition): readonly ToolDefinition[] {
  if (tool.effect !== 'destroy') return [tool]
  if (!tool.destructive) return []
  const { question: _, ...rest } = tool
  return [{ ...rest, effect: 'write', input: tool.input.extend({ action: withoutActions(tool, tool.destructive.actions) }) }]
}

function withoutActions({ name, input }: ToolDefinition, destructive: readonly string[]): z.ZodType {
  const { action } = input.shape
  const preset = action instanceof z.ZodDefault ? action : undefined
  const all = preset ? preset.unwrap() : action
  if (!(all instanceof z.ZodEnum)) throw new TypeError(`${name}: its destructive actions are no values of its argument action`)
  const left = all.options.filter((value) => !destructive.includes(String(value)))
  const rest = all.exclude(destructive, {
    error: ({ input: given }) =>
      `expected ${left.join(', ')}${destructive.includes(String(given)) ? `; ${given} destroys something, which this server offers only with mcp.destructive: true in qicore.yaml, or qicore mcp --destructive` : ''}`,
  })
  const field = preset ? rest.default(preset.def.defaultValue as never) : rest
  return action?.description === undefined ? field : field.describe(action.description)
}

/** A tool with all its actions. @param among default: all tools. @throws QiError NOT_FOUND */
export function toolNamed(name: string, among: readonly ToolDefinition[] = tools): ToolDefinition {
  const found = among.find((tool) => tool.name === name)
  if (found) return whole(found)
  throw new QiError(
    'NOT_FOUND',
    `there is no tool named "${name}"${suggest(
      name,
      among.map((tool) => tool.name),
    )}`,
    { field: 'tool' },
  )
}
