import { QiError, type ToolHandles } from '../../lib/src/base/index.ts'
import { ConsentNeeded } from '../../lib/src/mcp-tools/index.ts'
import { callAsUser } from './callAsUser.ts'
import type { Session } from './session.ts'
import { LazyTools } from './tools.ts'

/**
 * Changes something by a tool that AI clients have too: asked first where it destroys, and noted in the audit log.
 * @param input the arguments of the tool; undefined: there is nothing to do
 * @throws QiError CONFLICT where nobody can be asked; what the tool throws
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
    if (!(error instanceof ConsentNeeded)) throw error
    throw new QiError('CONFLICT', `nothing was done, since nobody can be asked here: ${error.question} Add --yes to agree`, {
      cause: error,
    })
  }
}
