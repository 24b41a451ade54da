import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Level, Rolled } from '../../../lib/src/base/database/rollups/levels.ts'
import { buildUp, joined, type Stretch, type Stretches } from '../../../lib/src/base/database/rollups/stretches.ts'

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400
/** Noon of a day, in seconds. */
const NOON = 20_000 * DAY + 12 * HOUR

const marks = (rolled: Rolled, level: Level, ...stretches: Stretch[]): Stretches =>
  new Map([[rolled, new Map([[level, stretches]])]])

async function up(dirty: Stretches, present: number, levels: readonly [Level, Level] = ['1m', '1d']) {
  const built: string[] = []
  const { left } = await buildUp(dirty, levels, present, async (_, level, stretches) => {
    for (const { series, from, to } of stretches) built.push(`${level} ${series} ${from - NOON} ${to - NOON}`)
    return stretches.length
  })
  const waiting = [...left.values()].flatMap((byLevel) =>
    [...byLevel].flatMap(([level, some]) => some.map(({ series, from, to }) => `${level} ${series} ${from - NOON} ${to - NOON}`)),
  )
  return { built, waiting }
}

it('a minute is built at once, and waits to be part of a bar that is not over', async () => {
  const at = { series: '1', from: NOON + MINUTE, to: NOON + 2 * MINUTE }
  expect(await up(marks('prices', '1m', at), NOON + MINUTE + 30)).toEqual({ built: ['1m 1 60 120'], waiting: ['5m 1 0 300'] })
  expect(await up(marks('prices', '5m', { series: '1', from: NOON, to: NOON + 300 }), NOON + 301)).toEqual({
    built: ['5m 1 0 300'],
    waiting: ['15m 1 0 900'],
  })
})

it('a late record changes each bar that is over, and one that crosses the present is cut there', async () => {
  const hour = { series: '7', from: NOON - HOUR, to: NOON + 10 * MINUTE }
  expect(await up(marks('trades', '1m', hour), NOON + 7 * MINUTE)).toEqual({
    built: ['1m 7 -3600 600', '5m 7 -3600 300', '15m 7 -3600 0', '1h 7 -3600 0', '4h 7 -14400 0'],
    waiting: ['5m 7 300 600', '15m 7 0 900', '1d 7 -43200 43200'],
  })
})

it('a worker of the finest level leaves the rest to that of the coarser ones, whether it is over or not', async () => {
  const late = { series: '1', from: NOON - DAY, to: NOON - DAY + MINUTE }
  expect(await up(marks('prices', '1m', late), NOON, ['1m', '1m'])).toEqual({
    built: ['1m 1 -86400 -86340'],
    waiting: ['5m 1 -86400 -86100'],
  })
})

it('stretches that meet become one, those of another series do not', () => {
  const stretch = fc.record({ series: fc.constantFrom('1', '2'), from: fc.nat(40), length: fc.integer({ min: 1, max: 9 }) })
  fc.assert(
    fc.property(fc.array(stretch), (some) => {
      const given = some.map(({ series, from, length }) => ({ series, from, to: from + length }))
      const all = joined(given)
      const seconds = (of: readonly Stretch[], series: string) =>
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
