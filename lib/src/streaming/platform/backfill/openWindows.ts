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

/** The windows of a task, each cut to the part that is not settled; then those of the missing numbers. */
export function* openWindows(
  history: History,
  { series, spans, numbered }: BackfillTask,
  settled: readonly Span[],
): Generator<OpenWindow> {
  const wanted = union(spans)
  const all = hull(wanted)
  if (all)
    for (const window of history.plan(series, all.from, all.to)) {
      const part = hull(intersect(subtract([window], settled), wanted))
      if (part) yield { window: { ...window, ...part }, settles: true }
    }
  for (const { from, to, first, last } of numbered) {
    const windows = [...history.plan(series, from, to, { first, last })]
    for (const [i, window] of windows.entries())
      yield window.first !== undefined && window.last !== undefined
        ? { window, numbers: { first: window.first, last: window.last }, settles: true }
        : { window, numbers: { first, last }, settles: i === windows.length - 1 }
  }
}
