import type { ToolHandles } from '../../lib/src/base/agent/index.ts'
import { escapeHidden } from '../../lib/src/base/types/index.ts'
import { type Consenting, callTool, MOST_TOKENS, toolNamed } from '../../lib/src/mcp-tools/index.ts'
import { asking } from './agree.ts'
import { commandLineUser } from './caller.ts'
import type { Session } from './session.ts'

export interface UserCall {
  readonly handles: ToolHandles
  readonly tool: string
  readonly input: Readonly<Record<string, unknown>>
  /** True if the user has agreed already. */
  readonly yes: boolean
}

/** Calls a tool as the user of the command line, and prints its answer. @throws QiError as the call does */
export async function callAsUser(session: Session, { handles, tool, input, yes }: UserCall): Promise<void> {
  const context = {
    ...handles,
    signal: session.signal,
    mostTokens: session.json ? undefined : MOST_TOKENS,
    progress: (_done: number, _total: number | undefined, message: string) => void session.remark(message),
  }
  const { structured, text } = await session.unlessInterrupted(
    callTool(toolNamed(tool), input, context, { ...consenting(session), agreed: yes }),
  )
  if (session.json) await session.out.json(structured)
  else for (const line of text.split('\n')) await session.out.line(escapeHidden(line))
}

/** A user at the terminal is asked for consent; a script repeats the call with the token of the refusal. */
function consenting(session: Session): Consenting {
  const by = commandLineUser('cli')
  const ask = asking(session)
  return { by, caller: `command line of ${by.name}`, ...(ask && { ask }) }
}
