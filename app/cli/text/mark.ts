import { MANUAL } from '../../../lib/src/base/index.ts'
import type { Output } from '../output.ts'

interface Marked {
  readonly source?: string
  readonly simulated?: boolean
  readonly origin?: string
}

/** Marks figures that no provider gave: simulated ones, and those that were handed in. */
export const markOf = ({ source, simulated, origin }: Marked): string =>
  simulated || origin === 'simulated' ? 'SIMULATED' : source === MANUAL || origin === MANUAL ? 'MANUAL' : ''

/** The name of a source that runs. */
export const sourceLabel = (name: string, simulated: boolean): string =>
  simulated ? (name === 'simulated' ? 'SIMULATED' : `${name} (SIMULATED)`) : name

/** It, behind the name of a series. */
export function shownMark(marked: Marked, out: Output): string {
  const mark = markOf(marked)
  return mark && out.style('yellow', `  ${mark}`)
}
