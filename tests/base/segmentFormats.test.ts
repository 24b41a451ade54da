import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CsvReader } from '../../lib/src/base/segments/formats/CsvReader.ts'
import { COMPRESSIONS, csv, json, ndjson, parquet, type SegmentFormat } from '../../lib/src/base/segments/index.ts'
import { type RecordType, recordTypes } from '../../lib/src/base/types/index.ts'
import { shuffledJson, wireRecord } from '../database/wireRecords.ts'
import { suiteFolder } from '../support/temporary.ts'

const folder = await suiteFolder('formats')
const types = Object.values(recordTypes) as RecordType[]
const FORMATS: readonly SegmentFormat[] = [
  ...[ndjson, json, csv].flatMap((format) => COMPRESSIONS.map((compression) => format(compression))),
  parquet(),
]
let files = 0

async function written(format: SegmentFormat, type: RecordType, lines: readonly string[]): Promise<string> {
  const path = join(folder, `${files++}.${format.extension}`)
  const all = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const pieces = async function* () {
    for (let from = 0; from < all.length; ) {
      const end = all.indexOf(10, from + 300) + 1 || all.length
      yield all.subarray(from, end)
      from = end
    }
  }
  await format.write(type, { rows: lines.length, pieces, store: (at) => writeFile(at, all) }, path)
  return path
}

async function readBack(format: SegmentFormat, type: RecordType, path: string): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const piece of format.read(type, path)) {
    expect(piece.at(-1)).toBe(10)
    lines.push(...piece.toString().slice(0, -1).split('\n'))
  }
  return lines
}

const oneLine = (text: string): boolean => !text.includes('\n')
const decodes = (type: RecordType, text: string): boolean => {
  try {
    type.decode(Buffer.from(text))
    return true
  } catch {
    return false
  }
}
/** A negative zero is 0 in columns and cells, as it is in the tables. */
const record = (type: RecordType, text: string) =>
  Object.fromEntries(
    Object.entries(type.decode(Buffer.from(text))).map(([name, value]) => [name, typeof value === 'number' ? value + 0 : value]),
  )

describe.each(FORMATS)('$extension', (format) => {
  const isText = /^(nd)?json/.test(format.extension)

  test.each(types)('$name: records are read back exactly as written', async (type) => {
    const any = wireRecord(type).chain((wire) => shuffledJson(wire))
    const plain = wireRecord(type, { plain: true }).map((wire) => JSON.stringify(wire))
    let rows = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(any, plain), { minLength: 1, maxLength: 40, size: 'max' }), async (texts) => {
        const lines = texts.filter((text) => oneLine(text) && decodes(type, text))
        if (lines.length === 0) return
        const found = await readBack(format, type, await written(format, type, lines))
        if (isText) expect(found).toEqual(lines)
        else expect(found.map((line) => record(type, line))).toEqual(lines.map((line) => record(type, line)))
        rows += lines.length
      }),
      { numRuns: 8 },
    )
    expect(rows).toBeGreaterThan(10)
  })

  test('a truncated file is refused, or gives fewer records', async () => {
    const { price } = recordTypes
    const lines = Array.from({ length: 500 }, (_, i) =>
      JSON.stringify({
        ...{ coin_id: `coin-${i}`, source: 'venue', time: '2026-01-05T00:00:00Z', received_at: '2026-01-05T00:00:01Z' },
        ...{ origin: 'live', currency: 'usd', price: `${i}.${'1'.repeat(i % 40)}2` },
      }),
    )
    const type = price as unknown as RecordType
    const path = await written(format, type, lines)
    expect(await readBack(format, type, path)).toHaveLength(500)
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length / 2))
    const left = await readBack(format, type, path).then(
      (found) => found.length,
      () => 'refused',
    )
    // Node returns the readable part of truncated zstd without an error.
    if (format.extension.endsWith('.zst')) expect(left).not.toBe(500)
    else expect(left).toBe('refused')
  })
})

test('CSV rows follow RFC 4180, wherever the chunks end', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '"', ',', '\r', '\n', ' '), maxLength: 6 })
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 9 }), fc.boolean(), (all, size, quoteAll) => {
      const quoted = (text: string) => (quoteAll || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
      const bytes = Buffer.from(all.map((row) => `${row.map(quoted).join(',')}\r\n`).join(''))
      const reader = new CsvReader()
      const found: string[][] = []
      for (let at = 0; at < bytes.length; at += size) found.push(...reader.read(bytes.subarray(at, at + size)))
      reader.end()
      expect(found).toEqual(all)
    }),
    { numRuns: 500 },
  )
})
