import { createInterface } from 'node:readline/promises'
import { QiError } from '../../lib/src/base/types/index.ts'
import type { Session } from './session.ts'

/** A function that asks the user at the terminal; undefined without a terminal. */
export function asking({ err, signal }: Session): ((question: string) => Promise<boolean>) | undefined {
  if (!process.stdin.isTTY || !err.isTerminal) return undefined
  return async (question) => {
    using terminal = createInterface({ input: process.stdin, output: err.stream, terminal: false })
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  }
}

/** @throws QiError CONFLICT if the user does not agree, or cannot be asked */
export async function requireAgreement(session: Session, question: string, yes = false): Promise<void> {
  if (yes) return
  const ask = asking(session)
  if (!ask) throw cannotAsk(question)
  if (!(await ask(question))) throw new QiError('CONFLICT', 'nothing was done: you did not agree')
}

/** The error if consent is needed and there is no terminal to ask at. */
export const cannotAsk = (question: string, cause?: Error): QiError =>
  new QiError('CONFLICT', `nothing was done: ${question} There is no terminal to ask at; add --yes to agree`, { cause })
