import {
  type BackfillTask,
  type History,
  type HistoryWindow,
  hull,
  intersect,
  type NumberRange,
  type Span,
  subtract,
  union,
} from '../../../base/types/index.ts'

/** A window to fetch. */
export interface OpenWindow {
  readonly window: HistoryWindow
  /** The numbers to fetch, where records are missing by number. */
  readonly numbers?: NumberRange
  /** True if it is the last window for these numbers. */
  readonly settles: boolean
}

/** Open parts of a window that lie further apart than this share of it are fetched one by one. */
const APART = 0.1

/**
 * The parts of a window to fetch. One call gives the bars of a whole window, but trades cost a call for each page of them: what is held
 * between two parts, such as the trades of a file, is not fetched again.
 */
function partsOf({ from, to, spacing }: HistoryWindow, open: readonly Span[]): readonly Span[] {
  const all = hull(open)
  if (spacing > 1 || !all) return all ? [all] : []
  const near = subtract([all], open).filter((held) => held.to - held.from < APART * (to - from))
  return union([...open, ...near])
}

/** The windows of a task, each cut to the part that is not settled; then those of the missing numbers. */
export function* openWindows(
  history: History,
  { series, spans, numbered }: BackfillTask,
  settled: readonly Span[],
): Generator<OpenWindow> {
  const wanted = union(spans)
  const all = hull(wanted)
  if (all)
    for (const window of history.plan(series, all.from, all.to))
      for (const part of partsOf(window, intersect(subtract([window], settled), wanted)))
        yield { window: { ...window, ...part }, settles: true }
  for (const { from, to, first, last } of numbered) {
    const windows = [...history.plan(series, from, to, { first, last })]
    for (const [i, window] of windows.entries())
      yield window.first !== undefined && window.last !== undefined
        ? { window, numbers: { first: window.first, last: window.last }, settles: true }
        : { window, numbers: { first, last }, settles: i === windows.length - 1 }
  }
}
