import { createInterface } from 'node:readline/promises'
import { escapeHidden } from '../../../lib/src/base/index.ts'
import { type Consenting, callTool, toolNamed, tools } from '../../../lib/src/mcp-tools/index.ts'
import { commandLineUser } from '../caller.ts'
import { nameValue } from '../nameValue.ts'
import type { Session } from '../session.ts'
import { printTable } from '../text/table.ts'
import { LazyTools } from '../tools.ts'

export interface ToolInput {
  readonly name?: string
  readonly arguments: readonly string[]
  readonly yes?: boolean
}

export async function run(session: Session, { name, arguments: given, yes }: ToolInput): Promise<undefined> {
  if (name === undefined) return listTools(session)
  const tool = toolNamed(name)
  const input = Object.fromEntries(given.map(nameValue))
  await using opened = new LazyTools(session, await session.load())
  const context = {
    ...(await opened.handles()),
    signal: session.signal,
    progress: (_done: number, _total: number | undefined, message: string) => void session.remark(message),
  }
  const { structured, text } = await session.unlessInterrupted(
    callTool(tool, input, context, { ...consenting(session), agreed: yes === true }),
  )
  if (session.json) await session.out.json(structured)
  else for (const line of text.split('\n')) await session.out.line(escapeHidden(line))
}

/** A person in front of the terminal is asked; anybody else repeats the token of a refusal. */
function consenting({ err, signal }: Session): Consenting {
  const by = commandLineUser('cli')
  const caller = `command line of ${by.name}`
  if (!process.stdin.isTTY || !err.isTerminal) return { by, caller }
  return {
    by,
    caller,
    async ask(question) {
      using terminal = createInterface({ input: process.stdin, output: err.stream, terminal: false })
      return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
    },
  }
}

async function listTools(session: Session): Promise<undefined> {
  const rows = tools.map(({ name, effect, set, title }) => ({ name, effect, set, title }))
  if (session.json) return void (await session.out.json(rows))
  await printTable(
    session.out,
    [
      { title: 'tool', cell: (row) => row.name },
      { title: 'effect', cell: (row) => row.effect },
      { title: 'what', cell: (row) => row.title },
      { title: 'set', optional: true, cell: (row) => row.set },
    ],
    rows,
  )
}
