import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SeriesProof } from '../../lib/src/base/types/index.ts'
import { Arrivals } from '../../lib/src/streaming/platform/backfill/Arrivals.ts'

const window = (spacing: number) => ({ from: 0, to: 1000, spacing })
const resultOf = (times: readonly number[], spacing: number, proof: SeriesProof) => {
  const arrivals = new Arrivals(window(spacing), proof)
  for (const time of times) arrivals.add(time)
  return arrivals.result()
}

test('candles: exactly the missing bars are empty', () => {
  const bars = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 100 })
  fc.assert(
    fc.property(bars, (indexes) => {
      const { held, empty } = resultOf(
        indexes.map((i) => i * 10),
        10,
        'timeframe',
      )
      const covered = (spans: typeof held) =>
        spans.flatMap(({ from, to }) => Array.from({ length: (to - from) / 10 }, (_, i) => from / 10 + i))
      expect(covered(held)).toEqual(indexes.toSorted((a, b) => a - b))
      expect(covered(empty)).toEqual(Array.from({ length: 100 }, (_, i) => i).filter((i) => !indexes.includes(i)))
    }),
  )
})

test('prices: a silence of more than three times their distance is empty, in whatever order they arrive', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(times, (moments) => {
      const sorted = moments.toSorted((a, b) => a - b)
      const edges = [...sorted.entries()].flatMap(([i, time]) => {
        const next = sorted[i + 1]
        return next !== undefined && next - time > 30 ? [{ from: time + 1, to: next }] : []
      })
      const first = sorted[0] as number
      const last = sorted.at(-1) as number
      const expected = [
        ...(first > 30 ? [{ from: 0, to: first }] : []),
        ...edges,
        ...(1000 - last > 30 ? [{ from: last + 1, to: 1000 }] : []),
      ]
      expect(resultOf(moments, 10, 'cadence').empty).toEqual(expected)
    }),
  )
})

test('no records', () => {
  expect(resultOf([], 10, 'timeframe')).toEqual({ held: [], empty: [{ from: 0, to: 1000 }] })
})

test('records without a rhythm: the window is held if any came, else empty', () => {
  expect(resultOf([5, 900], 1, 'sequence')).toEqual({ held: [{ from: 0, to: 1000 }], empty: [] })
  expect(resultOf([], 1, 'sessions')).toEqual({ held: [], empty: [{ from: 0, to: 1000 }] })
})
