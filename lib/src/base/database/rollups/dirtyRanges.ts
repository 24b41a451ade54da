import { timeframeMicros } from '../../types/index.ts'
import { LEVELS, type Level, orderOf, type Rolled } from './levels.ts'

/** A range of one series whose bars must be rebuilt, in whole bars of a level; seconds since 1970, the end is exclusive. */
export interface DirtyRange {
  readonly series: string
  readonly from: number
  readonly to: number
}

/** Dirty ranges by kind and level. */
export type DirtyRanges = ReadonlyMap<Rolled, ReadonlyMap<Level, readonly DirtyRange[]>>

/** Builds the bars of a level. @returns the number of bars written */
export type Build = (rolled: Rolled, level: Level, ranges: readonly DirtyRange[]) => Promise<number>

export interface Built {
  readonly bars: number
  /** Remaining work: bars that are still open, and levels coarser than the last one. */
  readonly left: DirtyRanges
}

const secondsOf = (level: Level): number => timeframeMicros(level) / 1e6

/**
 * Builds the bars of the levels from the first to the last, each where the one below has changed. 1m bars are built at once, so that a
 * query for the open bar reads few records. Longer ones wait until their time is over; otherwise each record would rewrite all of them.
 * @param present seconds since 1970
 */
export async function buildLevels(
  dirty: DirtyRanges,
  [first, last]: readonly [Level, Level],
  present: number,
  build: Build,
): Promise<Built> {
  const left = new Map<Rolled, Map<Level, readonly DirtyRange[]>>()
  let bars = 0
  for (const [rolled, byLevel] of dirty) {
    const leave = (level: Level, ranges: readonly DirtyRange[]) => {
      if (ranges.length > 0) left.set(rolled, (left.get(rolled) ?? new Map()).set(level, ranges))
    }
    let changed: readonly DirtyRange[] = []
    for (const level of LEVELS.slice(orderOf(first), orderOf(last) + 1)) {
      const all = mergeRanges([...(byLevel.get(level) ?? []), ...aligned(changed, level)])
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
    if (next) leave(next, mergeRanges(aligned(changed, next)))
  }
  return { bars, left }
}

/** Ranges widened to whole bars of a level. */
function aligned(ranges: readonly DirtyRange[], level: Level): readonly DirtyRange[] {
  const length = secondsOf(level)
  return ranges.map(({ series, from, to }) => ({
    series,
    from: Math.floor(from / length) * length,
    to: Math.ceil(to / length) * length,
  }))
}

/** Joins ranges of one series that touch or overlap. */
export function mergeRanges(ranges: readonly DirtyRange[]): readonly DirtyRange[] {
  const all: DirtyRange[] = []
  for (const some of Map.groupBy(ranges, ({ series }) => series).values()) {
    let last: DirtyRange | undefined
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
