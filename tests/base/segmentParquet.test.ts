import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, expect, test } from 'vitest'
import { putNumeric } from '../../lib/src/base/database/copy/numeric.ts'
import { DecimalColumn, numericFits, unscaled } from '../../lib/src/base/segments/formats/parquet/DecimalColumn.ts'
import { parquet, type Segment, SegmentCollector } from '../../lib/src/base/segments/index.ts'
import { encodedBatch, type RecordType, recordTypes } from '../../lib/src/base/types/index.ts'
import { shuffledJson, wireRecord } from '../database/wireRecords.ts'

const folder = await mkdtemp(join(tmpdir(), 'qicore-parquet-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
const types = (Object.values(recordTypes) as RecordType[]).map((type) => [type.name, type] as const)
const decodes = (type: RecordType, text: string): boolean => {
  try {
    type.decode(Buffer.from(text))
    return true
  } catch {
    return false
  }
}

type Row = Record<string, unknown>

/** The rows of the files that were written. */
async function rowsOf(type: RecordType, texts: readonly string[]): Promise<Row[]> {
  const rows: Row[] = []
  const keep = async (segment: Segment) => {
    const file = await asyncBufferFromFile(segment.path)
    rows.push(...((await parquetReadObjects({ file, compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) } })) as Row[]))
    await rm(segment.path)
    return segment.last
  }
  await using writer = new SegmentCollector({
    archive: { keep, reach: async () => undefined },
    format: parquet(),
    roll: { rows: 1e9, bytes: 1e12, ageMs: 1e12 },
    scratch: join(folder, type.name),
  })
  const messages = texts.map((text, i) => ({ offset: BigInt(i), key: null, value: Buffer.from(text), timestamp: 0 }))
  expect(await writer.add(type, encodedBatch('t', 0, messages))).toEqual([])
  await writer.seal(new AbortController().signal)
  return rows
}

/** The values that the reader gives exactly: texts, integers, floats, booleans, and figures kept as text because they do not fit. */
function expectedRow(type: RecordType, text: string): Row {
  const record = type.decode(Buffer.from(text))
  return Object.fromEntries(
    type.fields.flatMap(({ name, property, kind }): [string, unknown][] => {
      const value = record[property]
      if (kind === 'time') return []
      if (kind === 'decimal')
        return [[`${name}_exact`, value !== undefined && unscaled(value as string) === undefined ? value : null]]
      if (kind === 'decimals')
        return [[`${name}_exact`, (value as readonly string[]).some((text) => unscaled(text) === undefined) ? value : null]]
      if (value === undefined) return [[name, null]]
      return [[name, kind === 'integer' ? BigInt(value as number) : kind === 'float' ? (value as number) + 0 : value]]
    }),
  )
}

const byText = (rows: readonly Row[]): string[] =>
  rows.map((row) => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))).toSorted()

test.each(types)('%s: columns filled from bytes equal the decoded values', async (_name, type) => {
  const json = wireRecord(type).chain((wire) => shuffledJson(wire))
  const plain = wireRecord(type, { plain: true }).map((wire) => JSON.stringify(wire))
  let rows = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(json, plain), { minLength: 1, maxLength: 60, size: 'max' }), async (texts) => {
      const good = texts.filter((text) => decodes(type, text))
      if (good.length === 0) return
      const expected = good.map((text) => expectedRow(type, text))
      const names = Object.keys(expected[0] as Row)
      const found = (await rowsOf(type, good)).map((row) =>
        // A negative zero is written as 0, as in the tables.
        Object.fromEntries(names.map((name) => [name, typeof row[name] === 'number' ? row[name] + 0 : (row[name] ?? null)])),
      )
      expect(byText(found)).toEqual(byText(expected))
      rows += good.length
    }),
    { numRuns: 15 },
  )
  expect(rows).toBeGreaterThan(0)
})

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0009123456789'), minLength: min, maxLength: max })
const figures = fc.tuple(fc.boolean(), digits(1, 20), digits(0, 22)).map(([minus, whole, fraction]) => {
  const [a, b] = [whole.replace(/^0+(?=\d)/, ''), fraction.replace(/0+$/, '')]
  const text = b === '' ? a : `${a}.${b}`
  return minus && text !== '0' ? `-${text}` : text
})

test('a figure has the same bytes from a PostgreSQL numeric as from text, and the bounds are the least and the greatest', () => {
  fc.assert(
    fc.property(fc.array(figures, { minLength: 1, maxLength: 40 }), (texts) => {
      const fitting = texts.filter((text) => unscaled(text) !== undefined)
      const scanned = new DecimalColumn('price', texts.length)
      const given = new DecimalColumn('price', texts.length)
      for (const text of texts) {
        const bytes = Buffer.alloc(64)
        putNumeric(text, bytes, 0)
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
        expect(numericFits(view, 0), text).toBe(fitting.includes(text))
        if (!fitting.includes(text)) continue
        scanned.addNumeric(view, 0)
        given.addUnscaled(unscaled(text) as bigint)
      }
      const values = fitting.map((text) => unscaled(text) as bigint)
      const { bytes, least, greatest } = scanned.encode()
      expect(Buffer.from(bytes)).toEqual(Buffer.from(given.encode().bytes))
      const words = values.flatMap((value) => [BigInt.asUintN(64, value >> 64n), BigInt.asUintN(64, value)])
      const expected = Buffer.alloc(8 * words.length)
      for (const [i, word] of words.entries()) expected.writeBigUInt64BE(word, 8 * i)
      expect(Buffer.from(bytes)).toEqual(expected)
      const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      expect([least, greatest]).toEqual([sorted[0], sorted.at(-1)])
    }),
    { numRuns: 500 },
  )
})
