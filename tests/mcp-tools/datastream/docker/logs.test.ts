import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogLine } from '../../../../lib/src/base/types/index.ts'
import { clipped, costOf, newestWithin } from '../../../../lib/src/mcp-tools/datastream/docker/logPage.ts'
import { lastBefore, logLines, placeOf, untilOf } from '../../../../lib/src/mcp-tools/datastream/docker/logs.ts'

const frame = (stream: number, text: string): Buffer => {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

test('frames become lines of their streams, however they are cut, without orders to a terminal', async () => {
  const bytes = Buffer.concat([
    frame(1, '2026-01-01T00:00:00.1Z \x1b[31mred\x1b[0m\n'),
    frame(2, '2026-01-01T00:00:00.2Z oh'),
    frame(1, '2026-01-01T00:00:00.3Z last'),
    frame(2, ' no\n'),
  ])
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (size) => {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
      expect(await Array.fromAsync(logLines(Readable.from(chunks)))).toEqual([
        { time: '2026-01-01T00:00:00.1Z', stream: 'stdout', line: 'red' },
        { time: '2026-01-01T00:00:00.2Z', stream: 'stderr', line: 'oh no' },
        { time: '2026-01-01T00:00:00.3Z', stream: 'stdout', line: 'last' },
      ])
    }),
  )
})

test('pages hold each line once, also lines of one time, while others are written', async () => {
  const steps = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 7 }), async (gaps, most) => {
      let at = 0
      const all: LogLine[] = gaps.map((gap, number) => {
        at += gap
        return { time: new Date(at).toISOString(), stream: 'stdout', line: `line ${number}` }
      })
      const seen: LogLine[] = []
      let before: string | undefined
      do {
        const place = before === undefined ? undefined : placeOf(before)
        const upTo = all.filter(({ time }) => place === undefined || time <= place.time)
        const page = await lastBefore(Readable.from(upTo), most, place)
        expect(page.lines.length).toBeLessThanOrEqual(most)
        seen.unshift(...page.lines)
        before = page.older
      } while (before)
      expect(seen).toEqual(all)
    }),
  )
})

test('a place is a time to the nanosecond; what is none is refused', () => {
  expect(untilOf(placeOf('2026-01-01T00:00:00.000000001Z/1'))).toBe('1767225600.000000001')
  expect(untilOf(placeOf('2026-01-01T00:00:00Z/3'))).toBe('1767225600.000000000')
  for (const wrong of ['', 'yesterday', '2026-01-01T00:00:00Z', '2026-99-01T00:00:00Z/1', '2026-01-01T00:00:00Z/1&tail=9'])
    expect(() => placeOf(wrong)).toThrow('is not the `next` of a page of logs')
})

test('a page of lines keeps within its budget, with the newest and at least one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 900 }),
      (texts, budget) => {
        const lines = texts.map((text) => ({ line: clipped(text) }))
        const page = newestWithin(lines, budget)
        expect(page).toEqual(lines.slice(-page.length))
        const cost = page.reduce((sum, line) => sum + costOf(line), 0)
        if (page.length > 1) expect(cost).toBeLessThanOrEqual(budget)
        const next = lines.at(-page.length - 1)
        if (next) expect(cost + costOf(next)).toBeGreaterThan(budget)
      },
    ),
  )
})
