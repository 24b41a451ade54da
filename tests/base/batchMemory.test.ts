import { describe, expect, test } from 'vitest'
import { type RecordRun, RecordWriter, readRecords } from '../../lib/src/base/types/wire/index.ts'

const VALUE = 'x'.repeat(1000)
const COUNT = 200

function records(owned: boolean, bytes: Buffer, runs: readonly RecordRun[]) {
  return readRecords({ topic: 't', partition: 0, bytes, runs, from: 0n, maxBytes: 100_000, owned })
}

function written(): { bytes: Buffer; runs: readonly RecordRun[] } {
  const writer = new RecordWriter()
  for (let i = 0; i < COUNT; i++) writer.write({ key: 'k', value: VALUE }, i)
  const bytes = Buffer.allocUnsafeSlow(writer.length)
  bytes.set(writer.bytes)
  return { bytes, runs: [{ baseOffset: 0n, baseTimestamp: 0, count: COUNT, end: bytes.length }] }
}

describe('the memory of batches', () => {
  test('goes when the last batch of a buffer is released, and not before', () => {
    const { bytes, runs } = written()
    const batches = records(true, bytes, runs)
    expect(batches.length).toBeGreaterThan(2)
    const last = batches.pop()
    for (const batch of batches) batch.release()
    for (const batch of batches) batch.release() // a second time counts for nothing
    expect(Buffer.from(last?.value(0) ?? []).toString()).toBe(VALUE)
    last?.release()
    expect(bytes.length).toBe(0)
    expect(last?.next).toEqual({ topic: 't', partition: 0, offset: BigInt(COUNT) })
  })

  test('stays where others may read the buffer, or another part of it', () => {
    const { bytes, runs } = written()
    for (const batch of records(false, bytes, runs)) batch.release()
    expect(bytes.length).toBeGreaterThan(COUNT * VALUE.length)

    const larger = Buffer.allocUnsafeSlow(bytes.length + 2)
    larger.set(bytes)
    for (const batch of records(true, larger.subarray(0, bytes.length), runs)) batch.release()
    expect(larger.length).toBe(bytes.length + 2)
  })
})
