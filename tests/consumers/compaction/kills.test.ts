import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Price, price, type RecordType } from '../../../lib/src/base/types/index.ts'
import { aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { recordsIn, segmentFiles } from '../../support/segmentFiles.ts'
import { killedAt } from './killedAt.ts'
import { DAY, lakes } from './lake.ts'

const lake = await lakes('kills')
const prices = price as unknown as RecordType
const texts = (records: readonly Price[]): string[] => records.map((record) => price.encode(record))

/** All files below a folder, with their contents. */
async function contents(root: string): Promise<ReadonlyMap<string, string>> {
  const paths = await segmentFiles(root)
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)))
}

/** The record of each key with the greatest received_at, then the greatest price; by series and time. */
function winners(records: readonly Price[]): Price[] {
  const best = new Map<string, Price>()
  for (const one of records) {
    const key = `${one.coinId} ${one.time}`
    const other = best.get(key)
    const wins =
      !other ||
      one.receivedAt > other.receivedAt ||
      (one.receivedAt === other.receivedAt && Number(one.price) > Number(other.price))
    if (wins) best.set(key, one)
  }
  return [...best.values()].sort((a, b) => (a.coinId === b.coinId ? a.time - b.time : a.coinId < b.coinId ? -1 : 1))
}

const anyPrice = fc
  .record({
    coinId: fc.constantFrom('a', 'b', 'ab'),
    day: fc.nat(1),
    minute: fc.nat(3),
    received: fc.nat(2),
    price: fc.nat(3),
  })
  .map(({ coinId, day, minute, received, price: figure }) =>
    aPrice({ coinId, time: MONDAY + day * DAY + minute * MINUTE, receivedAt: MONDAY + received, price: `${figure}` }),
  )

describe('compaction of days', () => {
  test('late records, repeats and kills at any step leave the winners, once each, in order; segments stay', async () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.array(anyPrice, { minLength: 1, maxLength: 12 }) },
        { weight: 2, arbitrary: fc.nat(25) },
        { weight: 1, arbitrary: fc.constant('compact' as const) },
      ),
      { minLength: 1, maxLength: 12 },
    )
    let kills = 0
    await fc.assert(
      fc.asyncProperty(steps, async (order) => {
        const { root, daysRoot, days, add, compact } = await lake()
        const all: Price[] = []
        const seen = async () => (await recordsIn(daysRoot)).map((one) => price.encode(price.fromWire(one)))
        let before: readonly string[] = []
        for (const step of order) {
          if (step === 'compact') {
            await compact()
            before = texts(winners(all))
            expect((await seen()).toSorted()).toEqual(before.toSorted())
          } else if (typeof step === 'number') {
            const { archive, killed } = killedAt(days, step)
            const ended = await Promise.race([killed.then(() => true), compact(archive).then(() => false)])
            if (ended) kills++
            // A reader sees complete days: the old or the new one.
            const now = texts(winners(all))
            const found = await seen()
            for (const one of found) expect([...before, ...now]).toContain(one)
            expect(
              new Set(
                found.map((line) => {
                  const one = price.decode(Buffer.from(line))
                  return `${one.coinId} ${one.time}`
                }),
              ).size,
            ).toBe(found.length)
            before = found
          } else {
            await add(prices, texts(step))
            all.push(...step)
          }
        }
        const raw = await contents(root)
        await compact()
        expect(await contents(root)).toEqual(raw)
        expect([...raw.values()].join('').trimEnd().split('\n').filter(Boolean)).toHaveLength(all.length)
        const files = await segmentFiles(daysRoot)
        for (const path of files) {
          const own = winners(all.filter(({ time }) => path.includes(`date=2026-01-0${5 + Math.floor((time - MONDAY) / DAY)}`)))
          expect(await readFile(path, 'utf8')).toBe(
            texts(own)
              .map((line) => `${line}\n`)
              .join(''),
          )
        }
        expect((await seen()).toSorted()).toEqual(texts(winners(all)).toSorted())
        await expect(readFile(days.scratch)).rejects.toMatchObject({ code: 'ENOENT' })
        expect(await compact()).toMatchObject({ made: [], failed: [] })
      }),
      { numRuns: 25 },
    )
    expect(kills).toBeGreaterThan(5)
  })
})
