import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hull, intersect, type Span, subtract, union } from '../../lib/src/base/types/index.ts'

const span = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 12 }))
  .map(([from, length]) => ({ from, to: from + length }))
const spans = fc.array(span, { maxLength: 12 })
const points = (list: readonly Span[]): Set<number> =>
  new Set(list.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)))

test('spans are sets of moments', () => {
  fc.assert(
    fc.property(spans, spans, (a, b) => {
      expect(points(union([...a, ...b]))).toEqual(points(a).union(points(b)))
      expect(points(subtract(a, b))).toEqual(points(a).difference(points(b)))
      expect(points(intersect(a, b))).toEqual(points(a).intersection(points(b)))
      const merged = union(a)
      expect(merged.every(({ from }, i) => i === 0 || from > (merged[i - 1] as Span).to)).toBe(true)
      expect(hull(a) ?? { from: 0, to: 0 }).toEqual({ from: merged[0]?.from ?? 0, to: merged.at(-1)?.to ?? 0 })
    }),
  )
})
