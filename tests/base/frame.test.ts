import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodedBatch, type Price, price } from '../../lib/src/base/types/index.ts'
import { framed, frameOf, schemaIdOf } from '../../lib/src/base/types/wire/index.ts'

const batchOf = (values: readonly Uint8Array[]) =>
  encodedBatch(
    price.topic,
    0,
    values.map((value, i) => ({ offset: BigInt(i), key: null, value, timestamp: 0 })),
  )
const id = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const json = fc.dictionary(fc.string(), fc.jsonValue()).map((object) => JSON.stringify(object))

test('a frame is a zero byte and the id in four bytes, big endian', () => {
  expect(framed(frameOf(7), '{"ü":1}')).toEqual(Buffer.from('00000000077b22c3bc223a317d', 'hex'))
  expect(frameOf(0xfffefdfc)).toEqual(Buffer.from('00fffefdfc', 'hex'))
  expect(framed(frameOf(1), Buffer.from('{}'))).toEqual(framed(frameOf(1), '{}'))
})

test('a value with a frame keeps it, because it names the schema of the value', () => {
  const value = framed(frameOf(4711), '{"a":1}')
  expect(framed(frameOf(1), value)).toEqual(value)
  expect(schemaIdOf(value)).toBe(4711)
  expect([schemaIdOf(Buffer.from('{"a":1}')), schemaIdOf(Buffer.from('000000000712', 'hex'))]).toEqual([undefined, undefined])
})

test('a reader sees the JSON, with a frame, without, or mixed; the original bytes stay available', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ json, id: fc.option(id) }), { minLength: 1 }), (messages) => {
      const sent = messages.map((each) => (each.id === null ? Buffer.from(each.json) : framed(frameOf(each.id), each.json)))
      const batch = batchOf(sent)
      expect(messages.map((_, i) => Buffer.from(batch.value(i)).toString())).toEqual(messages.map((each) => each.json))
      expect(messages.map((_, i) => Buffer.from(batch.original(i)))).toEqual(sent)
    }),
  )
})

test('a record decodes with any schema id', () => {
  const record: Price = {
    coinId: 'bitcoin',
    source: 'test',
    time: 1_767_225_600_000_000,
    receivedAt: 1_767_225_600_000_001,
    origin: 'live',
    currency: 'usd',
    price: '1.5' as Price['price'],
  }
  const value = price.encode(record)
  const [plain, other] = batchOf([Buffer.from(value), framed(frameOf(4711), value)]).decode(price)
  expect([plain?.record, other?.record]).toEqual([record, record])
})

test.each(['00', '0000000007', '000000000712', '0001027b7d', '', '00000000077b'])(
  'bytes that only begin like a frame: %s',
  (hex) => {
    const value = Buffer.from(hex, 'hex')
    const batch = batchOf([value])
    const isObject = value[5] === 0x7b
    expect(Buffer.from(batch.value(0))).toEqual(isObject ? value.subarray(5) : value)
    expect(Buffer.from(batch.original(0))).toEqual(value)
    const [decoded] = batch.decode(price)
    expect(decoded?.error).toMatchObject({ code: 'BAD_DATA' })
  },
)
