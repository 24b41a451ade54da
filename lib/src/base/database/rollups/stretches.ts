import { timeframeMicros } from '../../types/index.ts'
import { LEVELS, type Level, orderOf, type Rolled } from './levels.ts'

/** A stretch of one series whose bars are to be made, in whole bars of a level; seconds since 1970, the end does not belong to it. */
export interface Stretch {
  readonly series: string
  readonly from: number
  readonly to: number
}

/** Stretches of some kinds and levels. */
export type Stretches = ReadonlyMap<Rolled, ReadonlyMap<Level, readonly Stretch[]>>

/** Makes the bars of a level. @returns bars written */
export type Build = (rolled: Rolled, level: Level, stretches: readonly Stretch[]) => Promise<number>

export interface Built {
  readonly bars: number
  /** Still to be made: bars that are not over, and those of a coarser level than was asked for. */
  readonly left: Stretches
}

const secondsOf = (level: Level): number => timeframeMicros(level) / 1e6

/**
 * Makes the bars of the levels from the finest to the coarsest, each where the one below it has changed. The bars of one minute are made
 * at once, so that few records are to be read for the bar of now; the others as soon as their time is over: while it is not, each record
 * would write all of them again.
 * @param present seconds since 1970
 */
export async function buildUp(
  dirty: Stretches,
  [first, last]: readonly [Level, Level],
  present: number,
  build: Build,
): Promise<Built> {
  const left = new Map<Rolled, Map<Level, readonly Stretch[]>>()
  let bars = 0
  for (const [rolled, byLevel] of dirty) {
    const leave = (level: Level, stretches: readonly Stretch[]) => {
      if (stretches.length > 0) left.set(rolled, (left.get(rolled) ?? new Map()).set(level, stretches))
    }
    let changed: readonly Stretch[] = []
    for (const level of LEVELS.slice(orderOf(first), orderOf(last) + 1)) {
      const all = joined([...(byLevel.get(level) ?? []), ...aligned(changed, level)])
      const opened = level === LEVELS[0] ? Number.POSITIVE_INFINITY : present - (present % secondsOf(level))
      const over = all.flatMap((one) => (one.from < opened ? [{ ...one, to: Math.min(one.to, opened) }] : []))
      leave(
        level,
        all.flatMap((one) => (one.to > opened ? [{ ...one, from: Math.max(one.from, opened) }] : [])),
      )
      if (over.length > 0) bars += await build(rolled, level, over)
      changed = over
    }
    const next = LEVELS[orderOf(last) + 1]
    if (next) leave(next, joined(aligned(changed, next)))
  }
  return { bars, left }
}

/** The whole bars of a level that the stretches touch. */
function aligned(stretches: readonly Stretch[], level: Level): readonly Stretch[] {
  const length = secondsOf(level)
  return stretches.map(({ series, from, to }) => ({
    series,
    from: Math.floor(from / length) * length,
    to: Math.ceil(to / length) * length,
  }))
}

/** Those of one series that meet or overlap become one. */
export function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const all: Stretch[] = []
  for (const some of Map.groupBy(stretches, ({ series }) => series).values()) {
    let last: Stretch | undefined
    for (const one of some.toSorted((a, b) => a.from - b.from)) {
      if (last && one.from <= last.to) last = { ...last, to: Math.max(last.to, one.to) }
      else {
        if (last) all.push(last)
        last = one
      }
    }
    if (last) all.push(last)
  }
  return all
}
