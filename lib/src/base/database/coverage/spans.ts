import type { Micros } from '../../types/index.ts'

/** A stretch of time: from its first microsecond to the first that no longer belongs to it. */
export interface Span {
  readonly from: Micros
  readonly to: Micros
}

/** The spans in order, those that touch or overlap made one. */
export function union(spans: readonly Span[]): Span[] {
  const merged: { from: Micros; to: Micros }[] = []
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else if (from < to) merged.push({ from, to })
  }
  return merged
}

/** What of the spans no other covers. */
export function subtract(spans: readonly Span[], others: readonly Span[]): Span[] {
  const cuts = union(others)
  return union(spans).flatMap((span) => {
    const rest: Span[] = []
    let at = span.from
    for (const cut of cuts) {
      if (cut.to <= at) continue
      if (cut.from >= span.to) break
      if (cut.from > at) rest.push({ from: at, to: cut.from })
      at = Math.max(at, cut.to)
    }
    if (at < span.to) rest.push({ from: at, to: span.to })
    return rest
  })
}

/** What both cover. */
export const intersect = (spans: readonly Span[], others: readonly Span[]): Span[] =>
  union(spans).flatMap((a) =>
    union(others).flatMap((b) => {
      const both = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }
      return both.from < both.to ? [both] : []
    }),
  )

/** The shortest single span that holds them all. */
export function hull(spans: readonly Span[]): Span | undefined {
  if (spans.length === 0) return undefined
  return { from: Math.min(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)) }
}
