import { MANUAL } from '../../../lib/src/base/index.ts'
import type { Output } from '../output.ts'

interface Marked {
  readonly source?: string
  readonly simulated?: boolean
  readonly origin?: string
}

/** What must not pass for the word of a provider: an invented figure, and one that somebody handed in. */
export const markOf = ({ source, simulated, origin }: Marked): string =>
  simulated || origin === 'simulated' ? 'SIMULATED' : source === MANUAL || origin === MANUAL ? 'MANUAL' : ''

/** It, behind the name of a series. */
export function shownMark(marked: Marked, out: Output): string {
  const mark = markOf(marked)
  return mark && out.style('yellow', `  ${mark}`)
}
