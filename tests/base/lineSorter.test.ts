import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSorter } from '../../lib/src/base/segments/compaction/LineSorter.ts'
import { suiteFolder } from '../support/temporary.ts'

const suite = await suiteFolder('sorter')
let runs = 0
const entry = fc.record({ key: fc.nat(400), rank: fc.nat(5) })

test('sorts lines in memory or through merged files, and keeps the winner of each key', async () => {
  let most = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 2000, size: 'max' }),
      fc.constantFrom(300, 1000, 20_000, 1 << 20),
      fc.boolean(),
      async (all, memory, isReduced) => {
        const folder = join(suite, `${runs++}`)
        await mkdir(folder)
        const sorter = new LineSorter({
          folder,
          memory,
          ...(isReduced && { winner: (a: Buffer, b: Buffer) => (a.compare(b) >= 0 ? a : b) }),
        })
        const keyOf = (key: number) => `key ${key}`
        for (const { key, rank } of all) await sorter.add(Buffer.from(keyOf(key)), Buffer.from(`${rank}`))
        most = Math.max(most, (await readdir(folder)).length)
        const found: string[] = []
        for await (const { key, line } of sorter.sorted()) found.push(`${key} ${line}`)
        const best = new Map<number, number>()
        for (const { key, rank } of all) best.set(key, Math.max(best.get(key) ?? 0, rank))
        const expected = isReduced
          ? [...best].map(([key, rank]) => `${keyOf(key)} ${rank}`)
          : all.map(({ key, rank }) => `${keyOf(key)} ${rank}`)
        if (isReduced) expect(found).toEqual(expected.sort())
        else {
          expect(found.map((line) => line.slice(0, -2))).toEqual(expected.map((line) => line.slice(0, -2)).sort())
          expect(found.toSorted()).toEqual(expected.sort())
        }
        await sorter.remove()
        expect(await readdir(folder)).toEqual([])
      },
    ),
    { numRuns: 40 },
  )
  // Runs were merged before too many of them were open at once.
  expect(most).toBeGreaterThan(20)
  expect(most).toBeLessThan(100)
})

test('keeps within its memory limit', async () => {
  const sorter = new LineSorter({ folder: suite, memory: 1 << 20 })
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  /** The lines that are in memory. */
  const heap = () => {
    collect()
    collect() // buffers that the first one found are given back before the second
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const line = Buffer.alloc(1000, 120)
  let before = 0
  let most = 0
  for (let i = 0; i < 60_000; i++) {
    await sorter.add(Buffer.from(`${(i * 7919) % 60_000}`.padStart(6, '0')), Buffer.from(line))
    if (i === 5000) before = heap()
    if (i % 5000 === 0) most = Math.max(most, heap())
  }
  let last = ''
  let count = 0
  for await (const { key } of sorter.sorted()) {
    expect(`${key}` > last).toBe(true)
    last = `${key}`
    count++
    if (count % 5000 === 0) most = Math.max(most, heap())
  }
  expect(count).toBe(60_000)
  expect(most - before).toBeLessThan(12 << 20)
  await sorter.remove()
})
