import { escapeHidden } from '../../../lib/src/base/types/index.ts'
import type { Session } from '../session.ts'
import { wrap } from '../text/wrap.ts'
import type { Finding } from './finding.ts'

const MARKS = { ok: ['green', '✔'], failed: ['red', '✖'], unused: ['dim', '–'] } as const

/** Width of the mark, a space, the name and a space. */
const INDENT = 19

/** Prints a finding for people: the check, its result, and the next step. */
export async function show({ out }: Session, { name, verdict, summary, remedy }: Finding): Promise<void> {
  const [style, mark] = MARKS[verdict]
  const width = out.width && Math.max(40, out.width - INDENT)
  const [first, ...more] = wrap(escapeHidden(summary), width)
  await out.line(`${out.style(style, mark)} ${name.padEnd(INDENT - 3)} ${first}`)
  for (const line of more) await out.line(' '.repeat(INDENT) + line)
  for (const line of remedy ? wrap(`→ ${escapeHidden(remedy)}`, width) : [])
    await out.line(' '.repeat(INDENT) + out.style(verdict === 'failed' ? 'yellow' : 'dim', line))
}
