import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ndjson, type Segment, type SegmentArchive, SegmentCollector } from '../../lib/src/base/segments/index.ts'
import {
  type EncodedBatch,
  encodedBatch,
  formatTime,
  type Micros,
  price,
  QiError,
  type RecordType,
  recordTypes,
} from '../../lib/src/base/types/index.ts'
import { aPrice } from '../database/records.ts'
import { shuffledJson, wireRecord } from '../database/wireRecords.ts'

const folder = await mkdtemp(join(tmpdir(), 'qicore-collector-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
const never = new AbortController().signal
const NEVER_ROLL = { rows: 1e9, bytes: 1e12, ageMs: 1e12 }
const types = (Object.values(recordTypes) as RecordType[]).map((type) => [type.name, type] as const)

/** An archive in memory, by folder and first offset. */
class Memory implements SegmentArchive {
  readonly files = new Map<string, string>()
  fail = false

  async keep(segment: Segment): Promise<bigint> {
    if (this.fail) throw new QiError('UNAVAILABLE', 'the archive does not answer')
    this.files.set(`${segment.folder} ${segment.first}`, await readFile(segment.path, 'utf8'))
    await rm(segment.path)
    return segment.last
  }

  async reach(): Promise<undefined> {}
}

const collector = (archive: SegmentArchive, name: string): SegmentCollector =>
  new SegmentCollector({ archive, format: ndjson('none'), roll: NEVER_ROLL, scratch: join(folder, name) })

const batchOf = (values: readonly Uint8Array[], first = 0): EncodedBatch =>
  encodedBatch(
    't',
    0,
    values.map((value, i) => ({ offset: BigInt(first + i), key: null, value, timestamp: 0 })),
  )

/** One byte changed, inserted or removed, or the end cut off. */
const mutated = (json: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      json,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constantFrom(...'"{}:,.-\\e09 \nZ\0'),
      fc.nat(3),
    )
    .map(([text, at, by, how]) => {
      const place = Math.floor(at * text.length)
      if (how === 3) return text.slice(0, place)
      return text.slice(0, place) + (how === 2 ? '' : by) + text.slice(how === 0 ? place : place + 1)
    })

/** Decodes every record: the lines of each folder, and the reasons of the refused ones. */
function decodedWay(type: RecordType, batch: EncodedBatch): { files: Map<string, string>; failures: unknown[] } {
  const lines = new Map<string, { first: bigint; text: string }>()
  const failures: unknown[] = []
  for (const { index, record, error } of batch.decode(type)) {
    if (error) {
      failures.push({ index, code: error.code, message: error.message, field: error.field })
      continue
    }
    const value = batch.value(index)
    const place = `${type.name}/source=${record.source}/date=${formatTime(record.time as Micros).slice(0, 10)}`
    const line = value.includes(10) ? JSON.stringify(type.toWire(record, value)) : Buffer.from(value).toString()
    const known = lines.get(place) ?? { first: batch.offset(index), text: '' }
    lines.set(place, { ...known, text: `${known.text}${line}\n` })
  }
  return { files: new Map([...lines].map(([place, { first, text }]) => [`${place} ${first}`, text])), failures }
}

test.each(types)('%s: sorting records by their bytes gives the same order and refusals as decoding them', async (name, type) => {
  const json = wireRecord(type).chain((wire) => shuffledJson(wire))
  const plain = wireRecord(type, { plain: true }).map((wire) => JSON.stringify(wire))
  const text = fc.oneof({ weight: 3, arbitrary: json }, { weight: 4, arbitrary: plain }, mutated(json), mutated(plain))
  let [good, bad] = [0, 0]
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 60, size: 'max' }), async (texts) => {
      const batch = batchOf(texts.map((one) => Buffer.from(one)))
      const expected = decodedWay(type, batch)
      const archive = new Memory()
      await using writer = collector(archive, name)
      const failures = await writer.add(type, batch)
      expect(failures.map(({ index, error: { code, message, field } }) => ({ index, code, message, field }))).toEqual(
        expected.failures,
      )
      await writer.seal(never)
      expect(archive.files).toEqual(expected.files)
      good += texts.length - failures.length
      bad += failures.length
    }),
    { numRuns: 25 },
  )
  expect(good).toBeGreaterThan(200)
  expect(bad).toBeGreaterThan(60)
})

const prices = price as unknown as RecordType
const values = (count: number, from = 0, sources = 1): Buffer[] =>
  Array.from({ length: count }, (_, i) =>
    Buffer.from(price.encode(aPrice({ source: `venue-${(from + i) % sources}`, price: `${from + i}.5` }))),
  )
const pricesIn = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { price: string }).price)

test('records beyond the memory limit go through files, for one folder and for very many', async () => {
  for (const sources of [1, 700]) {
    const archive = new Memory()
    await using writer = collector(archive, `large-${sources}`)
    const count = 21_000
    for (let from = 0; from < count; from += 3000) await writer.add(prices, batchOf(values(3000, from, sources), from))
    await writer.seal(never)
    expect(archive.files.size).toBe(sources)
    const found = [...archive.files.values()].flatMap(pricesIn)
    expect(found.sort()).toEqual(Array.from({ length: count }, (_, i) => `${i}.5`).sort())
  }
})

test('a file that an archive failed to keep does not grow with later records', async () => {
  const archive = new Memory()
  let taken: string | undefined
  const failing: SegmentArchive = {
    reach: async () => undefined,
    keep: async (segment) => {
      if (taken !== undefined) return archive.keep(segment)
      taken = segment.path
      throw new QiError('UNAVAILABLE', 'the connection broke after all was sent')
    },
  }
  await using writer = collector(failing, 'taken')
  await writer.add(prices, batchOf(values(3)))
  await expect(writer.seal(never)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await writer.add(prices, batchOf(values(2, 3), 3))
  expect(await writer.seal(never)).toMatchObject([{ offset: 5n }])
  expect(pricesIn(await readFile(taken as string, 'utf8'))).toEqual(['0.5', '1.5', '2.5'])
  expect([...archive.files.values()].map(pricesIn)).toEqual([['0.5', '1.5', '2.5', '3.5', '4.5']])
})
