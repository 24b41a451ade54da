import { createInterface } from 'node:readline/promises'
import { QiError } from '../../lib/src/base/index.ts'
import type { Session } from './session.ts'

/** Asks the person in front of the terminal; undefined where there is none. */
export function asking({ err, signal }: Session): ((question: string) => Promise<boolean>) | undefined {
  if (!process.stdin.isTTY || !err.isTerminal) return undefined
  return async (question) => {
    using terminal = createInterface({ input: process.stdin, output: err.stream, terminal: false })
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  }
}

/** @throws QiError CONFLICT where the user does not agree, or cannot be asked */
export async function requireAgreement(session: Session, question: string, yes = false): Promise<void> {
  if (yes) return
  const ask = asking(session)
  if (!ask) throw new QiError('CONFLICT', `nothing was done, since nobody can be asked here: ${question} Add --yes to agree`)
  if (!(await ask(question))) throw new QiError('CONFLICT', 'nothing was done: it was not agreed to')
}
