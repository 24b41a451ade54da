import { MANUAL } from '../../../lib/src/base/types/index.ts'
import type { Output } from '../output.ts'

interface Marked {
  readonly source?: string
  readonly simulated?: boolean
  readonly origin?: string
}

/** The mark of figures that no provider sent: SIMULATED or MANUAL; else ''. */
export const markOf = ({ source, simulated, origin }: Marked): string =>
  simulated || origin === 'simulated' ? 'SIMULATED' : source === MANUAL || origin === MANUAL ? 'MANUAL' : ''

/** The name of a source, with SIMULATED if it is simulated. */
export const sourceLabel = (name: string, simulated: boolean): string =>
  simulated ? (name === 'simulated' ? 'SIMULATED' : `${name} (SIMULATED)`) : name

/** The mark as it is printed after the name of a series. */
export function shownMark(marked: Marked, out: Output): string {
  const mark = markOf(marked)
  return mark && out.style('yellow', `  ${mark}`)
}
