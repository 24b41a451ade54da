import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  buildLevels,
  type DirtyRange,
  type DirtyRanges,
  mergeRanges,
} from '../../../lib/src/base/database/rollups/dirtyRanges.ts'
import type { Level, Rolled } from '../../../lib/src/base/database/rollups/levels.ts'

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400
/** Noon of a day, in seconds. */
const NOON = 20_000 * DAY + 12 * HOUR

const marks = (rolled: Rolled, level: Level, ...ranges: DirtyRange[]): DirtyRanges =>
  new Map([[rolled, new Map([[level, ranges]])]])

async function up(dirty: DirtyRanges, present: number, levels: readonly [Level, Level] = ['1m', '1d']) {
  const built: string[] = []
  const { left } = await buildLevels(dirty, levels, present, async (_, level, ranges) => {
    for (const { series, from, to } of ranges) built.push(`${level} ${series} ${from - NOON} ${to - NOON}`)
    return ranges.length
  })
  const waiting = [...left.values()].flatMap((byLevel) =>
    [...byLevel].flatMap(([level, some]) => some.map(({ series, from, to }) => `${level} ${series} ${from - NOON} ${to - NOON}`)),
  )
  return { built, waiting }
}

it('a minute is built at once, and stays dirty for the open bars around it', async () => {
  const at = { series: '1', from: NOON + MINUTE, to: NOON + 2 * MINUTE }
  expect(await up(marks('prices', '1m', at), NOON + MINUTE + 30)).toEqual({ built: ['1m 1 60 120'], waiting: ['5m 1 0 300'] })
  expect(await up(marks('prices', '5m', { series: '1', from: NOON, to: NOON + 300 }), NOON + 301)).toEqual({
    built: ['5m 1 0 300'],
    waiting: ['15m 1 0 900'],
  })
})

it('a late record rebuilds each closed bar, and a range across the present is cut there', async () => {
  const hour = { series: '7', from: NOON - HOUR, to: NOON + 10 * MINUTE }
  expect(await up(marks('trades', '1m', hour), NOON + 7 * MINUTE)).toEqual({
    built: ['1m 7 -3600 600', '5m 7 -3600 300', '15m 7 -3600 0', '1h 7 -3600 0', '4h 7 -14400 0'],
    waiting: ['5m 7 300 600', '15m 7 0 900', '1d 7 -43200 43200'],
  })
})

it('a worker of the finest level leaves coarser bars to their worker, closed or not', async () => {
  const late = { series: '1', from: NOON - DAY, to: NOON - DAY + MINUTE }
  expect(await up(marks('prices', '1m', late), NOON, ['1m', '1m'])).toEqual({
    built: ['1m 1 -86400 -86340'],
    waiting: ['5m 1 -86400 -86100'],
  })
})

it('touching ranges of a series are joined, those of different series are not', () => {
  const stretch = fc.record({ series: fc.constantFrom('1', '2'), from: fc.nat(40), length: fc.integer({ min: 1, max: 9 }) })
  fc.assert(
    fc.property(fc.array(stretch), (some) => {
      const given = some.map(({ series, from, length }) => ({ series, from, to: from + length }))
      const all = mergeRanges(given)
      const seconds = (of: readonly DirtyRange[], series: string) =>
        new Set(
          of
            .filter((one) => one.series === series)
            .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)),
        )
      for (const series of ['1', '2']) expect(seconds(all, series)).toEqual(seconds(given, series))
      for (const one of all)
        expect(
          all.some((other) => other !== one && other.series === one.series && other.from <= one.to && one.from <= other.to),
        ).toBe(false)
    }),
  )
})
