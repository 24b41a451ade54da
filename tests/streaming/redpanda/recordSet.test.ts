import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressionsAlgorithms, crc32c } from '@platformatic/kafka'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordWriter, readRecords, readRuns } from '../../../lib/src/base/types/wire/index.ts'
import { readRecordSet } from '../../../lib/src/streaming/redpanda/read/recordSet.ts'

const COMPRESSIONS = {
  none: [0, (bytes: Buffer) => bytes],
  gzip: [1, (bytes: Buffer) => gzipSync(bytes)],
  snappy: [2, (bytes: Buffer) => compressionsAlgorithms.snappy.compressSync(bytes)],
  lz4: [3, (bytes: Buffer) => compressionsAlgorithms.lz4.compressSync(bytes)],
  zstd: [4, (bytes: Buffer) => zstdCompressSync(bytes)],
} as const
type Compression = keyof typeof COMPRESSIONS

interface BatchOptions {
  readonly base: number
  readonly values: readonly string[]
  /** Offsets that compaction has kept. */
  readonly kept?: readonly boolean[]
  readonly compression?: Compression
  readonly attributes?: number
  readonly producer?: bigint
  readonly appendedAt?: number
}

/** A record batch of format 2, byte by byte. */
function recordBatch({
  base,
  values,
  kept,
  compression = 'none',
  attributes = 0,
  producer = -1n,
  appendedAt = 7,
}: BatchOptions): Buffer {
  const writer = new RecordWriter()
  let count = 0
  values.forEach((value, i) => {
    if (kept && !kept[i]) return
    writer.write({ key: 'k', value }, i)
    count++
  })
  const [number, compress] = COMPRESSIONS[compression]
  const records = count > 0 ? compress(Buffer.from(writer.bytes)) : Buffer.alloc(0)
  const batch = Buffer.concat([Buffer.alloc(61), records])
  batch.writeBigInt64BE(BigInt(base), 0)
  batch.writeInt32BE(batch.length - 12, 8)
  batch[16] = 2
  batch.writeInt16BE(number | attributes, 21)
  batch.writeInt32BE(values.length - 1, 23)
  batch.writeBigInt64BE(1000n, 27)
  batch.writeBigInt64BE(BigInt(appendedAt), 35)
  batch.writeBigInt64BE(producer, 43)
  batch.writeInt32BE(count, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

function messages(set: Buffer, from = 0n, aborted: Parameters<typeof readRecordSet>[2] = []) {
  const { buffers, nextOffset } = readRecordSet(set, from, aborted)
  const batches = buffers.flatMap((buffer) => readRecords({ topic: 't', partition: 0, from, maxBytes: 200, ...buffer }))
  const found = batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => ({
      offset: Number(batch.offset(i)),
      value: Buffer.from(batch.value(i)).toString(),
      at: batch.timestamps[i],
    })),
  )
  return { found, nextOffset: Number(nextOffset) }
}
const valuesOf = (set: Buffer, from?: bigint, aborted?: Parameters<typeof readRecordSet>[2]) =>
  messages(set, from, aborted).found.map(({ value }) => value)

describe('a record set', () => {
  test('that decompresses to a multiple of its size is decompressed in parts', () => {
    const set = Buffer.concat(
      [0, 1, 2, 3].map((base) => recordBatch({ base, values: ['x'.repeat(100_000)], compression: 'zstd' })),
    )
    const bytes = ({ buffers }: ReturnType<typeof readRecordSet>) => buffers.reduce((sum, buffer) => sum + buffer.bytes.length, 0)
    const first = readRecordSet(set, 0n, [], 150_000)
    expect(first.nextOffset).toBe(2n)
    expect(bytes(first)).toBeGreaterThan(200_000)
    expect(bytes(first)).toBeLessThan(201_000)
    expect(readRecordSet(set, 0n, [], 1).nextOffset).toBe(1n)
    expect(readRecordSet(set, 0n, []).nextOffset).toBe(4n)
  })

  test('tells which buffers were allocated for its messages, so that only those are freed with them', () => {
    const values = ['x'.repeat(100_000)]
    const set = Buffer.concat([recordBatch({ base: 0, values }), recordBatch({ base: 1, values, compression: 'zstd' })])
    const { buffers } = readRecordSet(set, 0n)
    expect(buffers.map(({ owned, bytes }) => [owned, bytes.buffer === set.buffer])).toEqual([
      [false, true],
      [true, false],
    ])
  })

  test('with any compression, with gaps, truncated anywhere, from any offset, gives its whole batches', () => {
    const batch = fc.record({
      values: fc.array(fc.string({ maxLength: 60 }), { minLength: 1, maxLength: 12 }),
      hole: fc.nat({ max: 3 }),
      keep: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      compression: fc.constantFrom<Compression>('none', 'gzip', 'snappy', 'lz4', 'zstd'),
    })
    fc.assert(
      fc.property(
        fc.array(batch, { maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat({ max: 30 }),
        (parts, cut, from) => {
          let base = 0
          const all: { offset: number; value: string; end: number; next: number }[] = []
          const ends: { end: number; next: number }[] = []
          const bytes: Buffer[] = []
          let end = 0
          for (const { values, hole, keep, compression } of parts) {
            base += hole
            const made = recordBatch({ base, values, kept: keep, compression })
            end += made.length
            const next = base + values.length
            values.forEach((value, i) => {
              if (keep[i]) all.push({ offset: base + i, value, end, next })
            })
            ends.push({ end, next })
            bytes.push(made)
            base = next
          }
          const set = Buffer.concat(bytes)
          const length = Math.floor(cut * set.length)
          const { found, nextOffset } = messages(set.subarray(0, length), BigInt(from))
          const whole = ends.filter((one) => one.end <= length)
          expect(found.map(({ offset, value }) => ({ offset, value }))).toEqual(
            all.filter((one) => one.end <= length && one.offset >= from).map(({ offset, value }) => ({ offset, value })),
          )
          expect(nextOffset).toBe(Math.max(from, ...whole.map(({ next }) => next)))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('transaction markers are skipped', () => {
    const set = Buffer.concat([
      recordBatch({ base: 0, values: ['a'] }),
      recordBatch({ base: 1, values: ['marker'], attributes: 0x30, producer: 5n }),
    ])
    expect(messages(set)).toMatchObject({ found: [{ offset: 0, value: 'a' }], nextOffset: 2 })
  })

  test('aborted batches are left out, and committed ones between them are not', () => {
    const transactional = (base: number, value: string, producer: bigint) =>
      recordBatch({ base, values: [value], attributes: 0x10, producer })
    const marker = (base: number, producer: bigint) => recordBatch({ base, values: ['m'], attributes: 0x30, producer })
    const set = Buffer.concat([
      transactional(0, 'aborted 1', 1n),
      transactional(1, 'committed', 2n),
      recordBatch({ base: 2, values: ['plain'] }),
      transactional(3, 'aborted 2', 1n),
      marker(4, 1n),
      transactional(5, 'later', 1n),
      marker(6, 2n),
    ])
    expect(valuesOf(set, 0n, [{ producerId: 1n, firstOffset: 0n }])).toEqual(['committed', 'plain', 'later'])
  })

  test('a time set by the broker wins over the producer’s', () => {
    expect(messages(recordBatch({ base: 0, values: ['a'] })).found[0]?.at).toBe(1000)
    expect(messages(recordBatch({ base: 0, values: ['a'], attributes: 8, appendedAt: 77 })).found[0]?.at).toBe(77)
  })

  describe('with a damaged batch', () => {
    const batches = [
      recordBatch({ base: 3, values: ['abc', 'def'] }),
      recordBatch({ base: 5, values: ['ghi', 'jkl', 'mno'], compression: 'lz4' }),
      recordBatch({ base: 8, values: ['pqr'] }),
    ]
    /** The set’s contents after a change to its second batch: values, and `first-last` offsets of damaged batches. */
    const read = (change: (batch: Buffer) => void, from = 3n, parts = batches) => {
      const changed = Buffer.from(parts[1] as Buffer)
      change(changed)
      const { buffers, nextOffset, suspect } = readRecordSet(Buffer.concat(parts.with(1, changed)), from)
      const read = buffers.flatMap((buffer) => readRuns({ topic: 't', partition: 0, from, maxBytes: 200, ...buffer }))
      const seen = read.flatMap((batch) =>
        batch.damage
          ? [`${batch.firstOffset}-${batch.nextOffset - 1n}`]
          : Array.from({ length: batch.length }, (_, i) => Buffer.from(batch.value(i)).toString()),
      )
      return { seen, nextOffset, suspect, reasons: read.flatMap(({ damage }) => damage ?? []) }
    }
    const flip = (at: number) => (batch: Buffer) => void batch.writeUInt8(batch.readUInt8(at) ^ 1, at)
    const others = ['abc', 'def', '5-7', 'pqr']

    test('reads the other batches, wherever the damage is', () => {
      for (let i = 17; i < (batches[1] as Buffer).length; i++) {
        const { seen, nextOffset, suspect, reasons } = read(flip(i))
        expect([seen, nextOffset, suspect], `byte ${i}`).toEqual([others, 9n, 5n])
        expect(reasons).toEqual(['its checksum is wrong'])
      }
    })

    test('of an older format, or with invalid records, gives the reason', () => {
      expect(read(flip(16)).reasons).toEqual(['it has format 3, and only format 2 can be read'])
      const malformed = read((batch) => {
        batch.writeInt32BE(2_000_000_000, 57)
        batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
      })
      expect([malformed.seen, malformed.suspect]).toEqual([others, undefined])
      const unpackable = read((batch) => {
        batch.fill(255, 61)
        batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
      })
      expect([unpackable.seen, unpackable.suspect]).toEqual([others, undefined])
    })

    test('whose length is damaged is skipped by its offsets, and the batches after it are fetched by theirs', () => {
      const { seen, nextOffset, suspect } = read((batch) => batch.writeInt32BE(-7, 8))
      expect([seen, nextOffset, suspect]).toEqual([['abc', 'def', '5-7'], 8n, 5n])
    })

    test('whose offsets are damaged ends where the next undamaged one begins', () => {
      expect(read((batch) => batch.writeInt32BE(1_000_000, 23))).toMatchObject({ seen: others, nextOffset: 9n })
      expect(read((batch) => batch.writeInt32BE(0, 23))).toMatchObject({ seen: others, nextOffset: 9n })
    })

    test('at the end whose offsets contradict each other is skipped one offset at a time', () => {
      const two = batches.slice(0, 2)
      const wild = (batch: Buffer) => void batch.writeInt32BE(1_000_000, 23)
      expect(read(wild, 3n, two)).toMatchObject({ seen: ['abc', 'def', '5-5'], nextOffset: 6n })
      expect(read(flip(70), 3n, two)).toMatchObject({ seen: ['abc', 'def', '5-7'], nextOffset: 8n })
    })
  })
})
