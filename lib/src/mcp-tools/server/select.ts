import { QiError, suggest, type ToolDefinition } from '../../base/index.ts'
import { tools } from '../index.gen.ts'

export interface Selection {
  /** Names of tools, or of sets of them; all when left out. */
  readonly names?: readonly string[] | undefined
  /** Only tools that change nothing. */
  readonly readOnly?: boolean | undefined
}

/** @throws QiError BAD_REQUEST for a name that is none */
export function selectTools({ names, readOnly = false }: Selection = {}): readonly ToolDefinition[] {
  const known = [...new Set(tools.flatMap(({ name, set }) => [name, set]))]
  for (const name of names ?? [])
    if (!known.includes(name))
      throw new QiError('BAD_REQUEST', `tools: there is no tool or set named "${name}"${suggest(name, known)}`, {
        field: 'tools',
      })
  return tools.filter(
    ({ name, set, effect }) => (!readOnly || effect === 'read') && (!names || names.includes(name) || names.includes(set)),
  )
}

/** @throws QiError NOT_FOUND */
export function toolNamed(name: string): ToolDefinition {
  const found = tools.find((tool) => tool.name === name)
  if (found) return found
  throw new QiError(
    'NOT_FOUND',
    `there is no tool named "${name}"${suggest(
      name,
      tools.map((tool) => tool.name),
    )}`,
    { field: 'tool' },
  )
}
