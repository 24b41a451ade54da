import { describe, expect, test } from 'vitest'
import { Random } from '../chaos/random.ts'
import { FRESH_MS, Freshness } from './freshness.ts'
import type { Sample } from './sample.ts'
import { theilSen } from './slope.ts'
import { judge, MEASURES } from './verdict.ts'

const MIB = 1024 * 1024
const random = new Random(7)

/** Ten minutes, a sample every two seconds. */
const samples = (change: (minute: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 300 }, (_, i) => ({
    at: i * 2,
    rss: 200 * MIB,
    heap: 50 * MIB,
    external: 5 * MIB,
    descriptors: 40,
    sockets: 30,
    resources: 50,
    lag: 0,
    ...change((i * 2) / 60),
  }))

const verdicts = (of: readonly Sample[], rate = 1000) =>
  Object.fromEntries(MEASURES.map((measure) => [measure.name, judge(measure, of, { rate }).grows]))
const STEADY = Object.fromEntries(MEASURES.map(({ name }) => [name, false]))
/** Garbage that is collected every so often. */
const sawtooth = (minute: number, everyMinutes: number, height: number) => ((minute % everyMinutes) / everyMinutes) * height

describe('growth', () => {
  test('none where all is flat', () => {
    expect(verdicts(samples(() => ({})))).toEqual(STEADY)
  })

  test('none where memory rises and is collected again, handles come and go, and lag has peaks', () => {
    const noisy = samples((minute) => ({
      rss: (200 + random.next() * 20 + sawtooth(minute, 0.7, 30)) * MIB,
      heap: (50 + sawtooth(minute, 0.4, 25)) * MIB,
      descriptors: 40 + random.integer(0, 6),
      lag: random.chance(0.1) ? random.integer(0, 20_000) : random.integer(0, 200),
    }))
    expect(verdicts(noisy)).toEqual(STEADY)
  })

  test('none where it ended before the second minute', () => {
    const warm = samples((minute) => ({ rss: (100 + 60 * Math.min(minute, 2)) * MIB, lag: 50_000 * Math.max(0, 2 - minute) }))
    expect(verdicts(warm)).toEqual(STEADY)
  })

  test('none where memory that was taken at a peak is kept', () => {
    const stepped = samples((minute) => ({ rss: (260 + 30 * Math.max(0, Math.min(minute - 3, 2))) * MIB }))
    expect(verdicts(stepped)).toEqual(STEADY)
  })

  test('of memory that is taken in steps which go on', () => {
    const stairs = samples((minute) => ({ rss: (200 + 10 * Math.floor(minute)) * MIB }))
    expect(verdicts(stairs)).toEqual({ ...STEADY, rss: true })
  })

  test('of the heap below collected garbage, of handles by two a minute, of lag by 2 % of what comes', () => {
    const growing = samples((minute) => ({
      heap: (50 + 2 * minute + sawtooth(minute, 0.4, 25)) * MIB,
      sockets: 30 + Math.floor(2 * minute),
      lag: 0.02 * 1000 * 60 * minute + random.integer(0, 500),
    }))
    expect(verdicts(growing)).toEqual({ ...STEADY, heap: true, sockets: true, lag: true })
  })

  test('slower than what counts is none, and one sample that stands out moves nothing', () => {
    const slow = samples((minute) => ({ rss: (200 + 0.5 * minute) * MIB, heap: (minute > 9.9 ? 900 : 50) * MIB }))
    expect(verdicts(slow)).toEqual(STEADY)
  })

  test('is not judged where it was not watched for long enough, or not told', () => {
    const short = samples((minute) => ({ heap: 50 * minute * MIB })).filter(({ at }) => at < 150)
    expect(verdicts(short).heap).toBeUndefined()
    expect(verdicts(samples(() => ({ descriptors: Number.NaN }))).descriptors).toBeUndefined()
  })
})

test('the slope is the median of those between all pairs', () => {
  const points = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((x) => ({ x, y: x === 9 ? 1e6 : 3 * x + 1 }))
  expect(theilSen(points).slope).toBe(3)
  expect(theilSen(points).low).toBe(3)
  expect(theilSen([{ x: 0, y: 0 }]).low).toBe(Number.NEGATIVE_INFINITY)
})

test('time counts as fresh that ends with an answer in which every coin is young', () => {
  const freshness = new Freshness(2)
  const at = (ms: number, ...ages: number[]) => freshness.add({ at: ms, times: ages.map((age) => ms - age) })
  at(1000, 100, 200)
  at(2000, 100, FRESH_MS)
  at(3000, 100, FRESH_MS + 1)
  at(4000, 100)
  freshness.add({ at: 5000 })
  at(6000, 0, 0)
  expect(freshness.share).toBe(2 / 5)
  expect(freshness.oldestMs).toBe(Number.POSITIVE_INFINITY)
})
