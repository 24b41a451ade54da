import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/services.ts'
import type { Mode } from './engines.ts'
import { soak } from './soak.ts'
import { report } from './table.ts'

/** Too short to judge growth: that everything is loaded, measured and told. */
async function works(mode: Mode): Promise<void> {
  const soaked = await soak({ mode, seconds: 8, rate: 200 })
  expect(soaked.problems).toEqual([])
  // Each answer had a price of every coin.
  expect(soaked.fresh.oldestMs).toBeLessThan(Number.POSITIVE_INFINITY)
  expect(soaked.fresh.share).not.toBeNaN()
  expect(soaked.load.clients).toBeGreaterThan(1)
  expect(soaked.samples.length).toBeGreaterThan(1)
  for (const { rss, heap, resources, lag } of soaked.samples) {
    expect(rss).toBeGreaterThan(heap)
    expect(resources).toBeGreaterThan(0)
    expect(lag).toBeGreaterThanOrEqual(0)
  }
  expect(report(soaked)).toMatch(/^\| lag records \| .* \| not judged \|$/m)
}

describe('a short run of npm run soak, with embedded engines', () => {
  test('loads the platform, measures it and loses nothing', () => works('embedded'))
})

describeWith('kafka', 'a short run of npm run soak, over Kafka', () => {
  test('loads the platform, measures it and loses nothing', () => works('kafka'))
})
