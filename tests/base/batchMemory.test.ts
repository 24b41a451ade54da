import { describe, expect, test } from 'vitest'
import { type RecordRun, RecordWriter, readRecords, SharedMemory } from '../../lib/src/base/types/wire/index.ts'

const VALUE = 'x'.repeat(1000)
const COUNT = 200

function records(owned: boolean, bytes: Buffer, runs: readonly RecordRun[]) {
  const memory = owned ? { memory: new SharedMemory([bytes], 1) } : {}
  return readRecords({ topic: 't', partition: 0, bytes, runs, from: 0n, maxBytes: 100_000, ...memory })
}

function written(): { bytes: Buffer; runs: readonly RecordRun[] } {
  const writer = new RecordWriter()
  for (let i = 0; i < COUNT; i++) writer.write({ key: 'k', value: VALUE }, i)
  const bytes = Buffer.allocUnsafeSlow(writer.length)
  bytes.set(writer.bytes)
  return { bytes, runs: [{ baseOffset: 0n, baseTimestamp: 0, count: COUNT, end: bytes.length }] }
}

/** Memory that counts how often it was released. */
function counted() {
  const memory = { released: 0, release: () => void memory.released++ }
  return memory
}

describe('the memory of batches', () => {
  test('is released with the last batch of a buffer, and not before', () => {
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

  test('stays while others may read the buffer, or another part of it', () => {
    const { bytes, runs } = written()
    for (const batch of records(false, bytes, runs)) batch.release()
    expect(bytes.length).toBeGreaterThan(COUNT * VALUE.length)

    const larger = Buffer.allocUnsafeSlow(bytes.length + 2)
    larger.set(bytes)
    for (const batch of records(true, larger.subarray(0, bytes.length), runs)) batch.release()
    expect(larger.length).toBe(bytes.length + 2)
  })

  test('that is a part of a buffer is released with the last part', () => {
    const whole = counted()
    const answer = new SharedMemory([], 2, whole)
    const [first, second] = [written(), written()].map(({ bytes, runs }) =>
      readRecords({ topic: 't', partition: 0, bytes, runs, from: 0n, maxBytes: 100_000, memory: answer }),
    )
    for (const batch of first ?? []) batch.release()
    expect(whole.released).toBe(0)
    for (const batch of second ?? []) batch.release()
    expect(whole.released).toBe(1)
  })

  test('is released at once if no record is left to read', () => {
    const { bytes, runs } = written()
    const whole = counted()
    const input = { topic: 't', partition: 0, bytes, maxBytes: 100_000, memory: whole }
    expect(readRecords({ ...input, runs, from: BigInt(COUNT) })).toEqual([])
    expect(readRecords({ ...input, runs: [], from: 0n })).toEqual([])
    expect(whole.released).toBe(2)
  })

  test('reused by one read is not visible to the batches of another', () => {
    const [a, b] = [written(), written()].map(({ bytes, runs }) => records(false, bytes, runs))
    const offsets = [...(a ?? []), ...(b ?? [])].map((batch) => [batch.firstOffset, batch.nextOffset, batch.length])
    expect(offsets.slice(0, a?.length)).toEqual(offsets.slice(a?.length))
    expect(a?.at(-1)?.nextOffset).toBe(BigInt(COUNT))
    expect(Buffer.from(a?.[0]?.value(0) ?? []).toString()).toBe(VALUE)
  })
})
