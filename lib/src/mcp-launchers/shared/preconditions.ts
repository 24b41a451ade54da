import { QiError } from '../../base/types/index.ts'
import type { LauncherContext, LauncherDefinition } from './launcher.ts'

/** @throws QiError CONFIG_INVALID that names what is missing, and the remedies */
export async function requirePreconditions(
  { name, preconditions }: Pick<LauncherDefinition, 'name' | 'preconditions'>,
  context: LauncherContext,
): Promise<void> {
  const missing = (await preconditions(context)).filter(({ ok }) => !ok)
  if (missing.length === 0) return
  const told = missing.map(({ summary, remedy }) => (remedy ? `${summary}: ${remedy}` : summary)).join('; ')
  throw new QiError('CONFIG_INVALID', `the MCP server ${name} cannot be started: ${told}`, { field: 'mcp.servers' })
}
