import type { Micros } from './time.ts'

/** A stretch of time: from its first microsecond to the first that no longer belongs to it. Numbers that count up make spans too. */
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

/** `spans` minus `others`. */
export function subtract(spans: readonly Span[], others: readonly Span[]): Span[] {
  const cuts = union(others)
  let next = 0
  return union(spans).flatMap((span) => {
    const rest: Span[] = []
    let at = span.from
    while (next < cuts.length && (cuts[next] as Span).to <= at) next++
    for (let i = next; i < cuts.length; i++) {
      const cut = cuts[i] as Span
      if (cut.from >= span.to) break
      if (cut.from > at) rest.push({ from: at, to: cut.from })
      at = Math.max(at, cut.to)
    }
    if (at < span.to) rest.push({ from: at, to: span.to })
    return rest
  })
}

/** The intersection of both. */
export function intersect(spans: readonly Span[], others: readonly Span[]): Span[] {
  const second = union(others)
  let next = 0
  return union(spans).flatMap((a) => {
    const both: Span[] = []
    while (next < second.length && (second[next] as Span).to <= a.from) next++
    for (let i = next; i < second.length; i++) {
      const b = second[i] as Span
      if (b.from >= a.to) break
      both.push({ from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) })
    }
    return both
  })
}

/** The shortest single span that contains them all. */
export function hull(spans: readonly Span[]): Span | undefined {
  if (spans.length === 0) return undefined
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const span of spans) {
    from = Math.min(from, span.from)
    to = Math.max(to, span.to)
  }
  return { from, to }
}
