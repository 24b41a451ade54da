import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Message, QiError } from '../../../lib/src/base/types/index.ts'
import { murmur2, partitionOf, type RecordRun, RecordWriter, readRecords } from '../../../lib/src/base/types/wire/index.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const messages = fc.array(
  fc.record(
    {
      key: fc.option(text),
      value: fc.oneof(text, fc.uint8Array({ maxLength: 300 })),
      headers: fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        text,
        { maxKeys: 3 },
      ),
    },
    { requiredKeys: ['key', 'value'] },
  ) as fc.Arbitrary<Message>,
  { minLength: 1, maxLength: 60 },
)

/** Runs of at most `size` records, like the chunks of one partition. */
function encode(all: readonly Message[], size: number, base: bigint): { bytes: Buffer; runs: RecordRun[] } {
  const writer = new RecordWriter(16)
  const runs: RecordRun[] = []
  for (let at = 0; at < all.length; at += size) {
    const part = all.slice(at, at + size)
    for (const [i, message] of part.entries()) writer.write(message, i)
    runs.push({ baseOffset: base + BigInt(at), baseTimestamp: 1000 + at, count: part.length, end: writer.length })
  }
  return { bytes: Buffer.from(writer.bytes), runs }
}

const plain = (message: Message) => ({
  key: message.key,
  value: Buffer.from(message.value as string),
  headers: { ...message.headers },
})

describe('records on the wire', () => {
  test('written records are read from any offset, in batches of any size', () => {
    fc.assert(
      fc.property(
        messages,
        fc.integer({ min: 1, max: 20 }),
        fc.bigInt({ min: 0n, max: 1n << 60n }),
        fc.nat(70),
        fc.integer({ min: 1, max: 2000 }),
        (all, size, base, skip, maxBytes) => {
          const { bytes, runs } = encode(all, size, base)
          const batches = readRecords({ topic: 't', partition: 3, bytes, runs, from: base + BigInt(skip), maxBytes })
          const read = batches.flatMap((batch) =>
            Array.from({ length: batch.length }, (_, i) => ({
              offset: batch.offset(i),
              at: batch.timestamps[i],
              key: batch.keys[i],
              value: Buffer.from(batch.value(i)),
              headers: { ...batch.headers(i) },
            })),
          )
          const wanted = all.map((message, i) => ({
            offset: base + BigInt(i),
            at: 1000 + Math.floor(i / size) * size,
            ...plain(message),
          }))
          expect(read).toEqual(wanted.slice(skip))
          for (const batch of batches) if (batch.length > 1) expect(batch.bytes.length).toBeLessThanOrEqual(maxBytes)
          batches.forEach((batch, i) => {
            if (i > 0) expect(batch.firstOffset).toBe(batches[i - 1]?.nextOffset)
          })
        },
      ),
    )
  })

  test('damaged bytes are refused or read as records, without any other error', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 0, max: 255 }), (all, place, byte) => {
        const { bytes, runs } = encode(all, 60, 0n)
        bytes[place % bytes.length] = byte
        try {
          readRecords({ topic: 't', partition: 0, bytes, runs, from: 0n, maxBytes: 1e6 })
        } catch (error) {
          expect(error).toBeInstanceOf(QiError)
        }
      }),
    )
  })

  test('offset deltas with gaps and timestamp deltas are kept, as in a compacted topic', () => {
    // length 7 (zigzag 14), attributes, timestamp delta, offset delta, no key, value of 1, no headers
    const record = (time: number, offset: number, value: number) => [14, 0, time * 2, offset * 2, 1, 2, value, 0]
    const bytes = Buffer.from([...record(0, 0, 7), ...record(5, 3, 8)])
    const [batch] = readRecords({
      topic: 't',
      partition: 0,
      bytes,
      runs: [{ baseOffset: 10n, baseTimestamp: 100, count: 2, end: bytes.length }],
      from: 0n,
      maxBytes: 100,
    })
    expect([batch?.offset(0), batch?.offset(1), batch?.nextOffset]).toEqual([10n, 13n, 14n])
    expect([...(batch?.timestamps ?? [])]).toEqual([100, 105])
    expect(batch?.keys).toEqual([null, null])
  })

  test('murmur2 equals Kafka’s', () => {
    const known: Record<string, number> = {
      '21': -973932308,
      foobar: -790332482,
      'a-little-bit-long-string': -985981536,
      'a-little-bit-longer-string': -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107,
    }
    for (const [key, hash] of Object.entries(known)) expect(murmur2(Buffer.from(key))).toBe(hash)
    expect(partitionOf('foobar', 6)).toBe((-790332482 & 0x7fffffff) % 6)
  })
})
