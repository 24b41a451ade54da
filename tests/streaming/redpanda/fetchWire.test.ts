import { Writer } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createFetchRequest,
  isFlexible,
  namesTopicsById,
  type PartitionAnswer,
  parseFetchResponse,
} from '../../../lib/src/streaming/redpanda/read/fetchWire.ts'

const versions = Object.keys(createFetchRequest).map(Number)

/** The answer as https://kafka.apache.org/protocol has it, in any version. */
function encode(version: number, error: number, answers: readonly PartitionAnswer[]): Buffer {
  const flexible = isFlexible(version)
  const writer = Writer.create().appendInt32(0)
  const tags = () => (flexible ? writer.appendTaggedFields() : writer)
  if (version >= 7) writer.appendInt16(error).appendInt32(0)
  const length = (n: number) => (flexible ? writer.appendUnsignedVarInt(n + 1) : writer.appendInt32(n))
  length(answers.length)
  for (const { topic, partition, error: code, aborted, records } of answers) {
    if (namesTopicsById(version)) writer.appendUUID(topic)
    else writer.appendString(topic, flexible)
    length(1)
    writer.appendInt32(partition).appendInt16(code).appendInt64(9n).appendInt64(9n)
    if (version >= 5) writer.appendInt64(0n)
    length(aborted.length)
    for (const { producerId, firstOffset } of aborted) {
      writer.appendInt64(producerId).appendInt64(firstOffset)
      tags()
    }
    if (version >= 11) writer.appendInt32(-1)
    length(records ? records.length : -1)
    if (records) writer.append(records)
    tags()
    tags()
  }
  tags()
  return writer.buffer
}

const answers = (version: number): fc.Arbitrary<PartitionAnswer[]> =>
  fc.array(
    fc.record({
      topic: namesTopicsById(version) ? fc.uuid() : fc.stringMatching(/^[a-z.-]{1,40}$/),
      partition: fc.nat(),
      error: fc.constantFrom(0, 1, 6),
      aborted: fc.array(fc.record({ producerId: fc.bigInt(0n, 1n << 60n), firstOffset: fc.bigInt(0n, 1n << 60n) }), {
        maxLength: 3,
      }),
      records: fc.option(
        fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        { nil: undefined },
      ),
    }),
    { maxLength: 4 },
  )

test.each(versions)('an answer of version %i is parsed', (version) => {
  fc.assert(
    fc.property(answers(version), (partitions) => {
      const error = version >= 7 ? 71 : 0
      const bytes = encode(version, error, partitions)
      expect(parseFetchResponse(bytes, version)).toEqual({ error, partitions })
    }),
    { numRuns: 60 },
  )
})

test.each(versions)('a truncated answer of version %i is refused', (version) => {
  const topic = namesTopicsById(version) ? '00000000-0000-4000-8000-000000000000' : 'topic'
  const bytes = encode(version, 0, [{ topic, partition: 1, error: 0, aborted: [], records: Buffer.from('records') }])
  for (let length = 0; length < bytes.length - 1; length++)
    expect(() => parseFetchResponse(bytes.subarray(0, length), version)).toThrow('truncated')
})
