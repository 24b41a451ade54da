import type { ToolHandles } from '../../lib/src/base/agent/index.ts'
import { ConsentNeeded } from '../../lib/src/mcp-tools/index.ts'
import { cannotAsk } from './agree.ts'
import { callAsUser } from './callAsUser.ts'
import type { Session } from './session.ts'
import { LazyTools } from './tools.ts'

/**
 * Changes something by a tool that AI clients use too: it asks before it destroys, and leaves a line in the audit log.
 * @param input gives the arguments of the tool; undefined: there is nothing to do
 * @throws QiError CONFLICT if the user cannot be asked; as the tool does
 */
export async function change(
  session: Session,
  { tool, yes = false }: { readonly tool: string; readonly yes?: boolean | undefined },
  input: (handles: ToolHandles) => Promise<Readonly<Record<string, unknown>> | undefined>,
): Promise<void> {
  await using tools = new LazyTools(session, await session.load())
  const handles = await tools.handles()
  const given = await input(handles)
  if (!given) return
  try {
    await callAsUser(session, { handles, tool, input: given, yes })
  } catch (error) {
    throw error instanceof ConsentNeeded ? cannotAsk(error.question, error) : error
  }
}
