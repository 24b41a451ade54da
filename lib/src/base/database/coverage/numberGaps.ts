import type { NumberGap } from '../../types/index.ts'
import { hull, intersect, type NumberRange, type Span, subtract, union } from '../../types/index.ts'
import type { Known, Numbered } from './known.ts'
import { reasonOf } from './reason.ts'

/** A range of numbers as a span, to reuse the arithmetic of spans. */
const spanOf = ({ first, last }: NumberRange): Span => ({ from: first, to: last + 1 })
const rangeOf = ({ from, to }: Span): NumberRange => ({ first: from, last: to - 1 })

/**
 * The missing numbers: between two islands, or requested and not stored. Each gap spans the time from the record before it to the
 * record after it, inclusive, since missing records may share their moment.
 */
export function numberGaps(known: Known): NumberGap[] {
  const { islands, emptyNumbers, requestedNumbers } = known
  const held = islands.map(({ numbers }) => spanOf(numbers))
  const all = hull(held)
  const requested = requestedNumbers.map(({ numbers }) => spanOf(numbers))
  const byEnd = new Map(islands.map((island) => [island.numbers.last + 1, island]))
  const byStart = new Map(islands.map((island) => [island.numbers.first, island]))
  const empty = union(emptyNumbers.map(({ numbers }) => spanOf(numbers)))
  return subtract([...(all ? [all] : []), ...requested], held).flatMap((span) => {
    const asked = requestedNumbers.find(({ numbers }) => numbers.first < span.to && numbers.last >= span.from)
    const time = timeOf(byEnd.get(span.from), byStart.get(span.to), asked)
    const gap = (part: Span) => ({ ...time, numbers: rangeOf(part), missing: part.to - part.from })
    const open = subtract([span], empty).map((part): NumberGap => {
      const isRequested = intersect([part], requested).length > 0
      return { ...gap(part), ...(isRequested ? { reason: 'interrupted' } : reasonOf(time, { ...known, requested: [] })) }
    })
    const settled = emptyNumbers.flatMap(({ numbers, reason, askedAt }) =>
      intersect([span], [spanOf(numbers)]).map(
        (part): NumberGap => ({ ...gap(part), reason: 'provider', settled: { reason, askedAt } }),
      ),
    )
    return [...open, ...settled]
  })
}

/** From the record before to the record after; on a side without one, as requested. */
function timeOf(before: Numbered | undefined, after: Numbered | undefined, asked: Numbered | undefined): Span {
  const from = before ? before.to - 1 : (asked?.from ?? (after as Numbered).from)
  const to = after ? after.from : asked ? asked.to - 1 : (before as Numbered).to
  return { from: Math.min(from, to), to: Math.max(from, to) + 1 }
}
