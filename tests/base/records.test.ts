import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decimal,
  formatTime,
  hiddenIn,
  type Price,
  price,
  QiError,
  type RecordType,
  recordTypes,
  TopicCatalogue,
} from '../../lib/src/base/types/index.ts'

const wire = {
  coin_id: 'bitcoin',
  source: 'coingecko',
  time: '2026-01-31T12:00:00.000001Z',
  received_at: '2026-01-31T12:00:01Z',
  origin: 'live',
  currency: 'usd',
  price: '123456789012345.12345678',
}

describe('every record type', () => {
  const types = Object.entries(recordTypes) as [string, RecordType][]

  it.each(types)('%s: key and common fields exist, its topic resolves to it, its schema is JSON Schema', (name, type) => {
    const fields = type.fields.map((field) => field.name)
    expect(type.name).toBe(name)
    expect(fields).toEqual(expect.arrayContaining([...type.key, 'source', 'time', 'received_at', 'origin']))
    for (const key of type.key) expect(type.fields.find((field) => field.name === key)?.optional).toBe(false)
    expect(new TopicCatalogue().typeOf(type.topic)).toBe(type)
    expect(type.schema.toJSONSchema({ io: 'input' })).toMatchObject({
      type: 'object',
      required: expect.arrayContaining([...type.key]),
    })
    for (const field of type.fields) expect(type.schema.shape[field.name]?.description).toBeTruthy()
  })
})

describe('a price', () => {
  it('survives encoding and decoding', () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 50 })
      .filter((s) => s.isWellFormed() && hiddenIn(s) === undefined)
    const figure = fc
      .tuple(fc.bigInt(0n, 10n ** 40n - 1n), fc.bigInt(0n, 10n ** 20n), fc.boolean())
      .map(([a, b, minus]) => decimal(`${minus ? '-' : ''}${a}.${b}`))
    const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    const records = fc.record(
      {
        coinId: text,
        source: fc.constant('coingecko'),
        time,
        receivedAt: time,
        origin: fc.constant('replay' as const),
        currency: text,
        price: figure,
        marketCap: figure,
        volume24h: figure,
        change24hPct: figure,
      },
      { requiredKeys: ['coinId', 'source', 'time', 'receivedAt', 'origin', 'currency', 'price'] },
    )
    fc.assert(
      fc.property(records, (record) => {
        price.check(record)
        expect(price.decode(Buffer.from(price.encode(record)))).toEqual(record)
        expect(price.fromWire(price.toWire(record))).toEqual(record)
      }),
    )
  })

  it('is canonical inside, for any notation on the wire; null means absent; unknown fields are dropped', () => {
    const record = price.fromWire({ ...wire, price: '001.500', market_cap: null, colour: 'red' })
    expect(record.price).toBe('1.5')
    expect(record).not.toHaveProperty('marketCap')
    expect(record).not.toHaveProperty('colour')
    expect(formatTime(record.time)).toBe(wire.time)
  })

  it('passes on unknown fields after its own, to the last digit', () => {
    const later = '"fee":0.10000000000000000001,"levels":[["1.50",{"n":1.0}]],"__proto__":{"price":"7"},"note":null'
    const value = Buffer.from(`{${later},${JSON.stringify({ ...wire, price: '001.500' }).slice(1)}`)
    const record = price.decode(value)
    expect(JSON.stringify(price.toWire(record, value))).toBe(`${price.encode(record).slice(0, -1)},${later}}`)
    expect(price.toWire(record, Buffer.from(price.encode(record)))).toEqual(price.toWire(record))
    expect(record.price).toBe('1.5')
  })

  it.each([
    ['price', 1.5],
    ['price', '1e5'],
    ['price', 'abc'],
    ['price', `1${'0'.repeat(40)}`],
    ['price', undefined],
    ['time', '2026-02-30T00:00:00Z'],
    ['time', '2026-01-31T12:00:00'],
    ['time', 5],
    ['source', 'Coin:Gecko'],
    ['coin_id', ''],
    ['coin_id', 'a'.repeat(201)],
    ['coin_id', 'a\0'],
    ['coin_id', '\ud83d'],
    ['origin', 'guessed'],
    ['currency', null],
    ['market_cap', 'NaN'],
  ])('with %s %j is refused, naming the field', (field, value) => {
    const error = thrown(() => price.fromWire({ ...wire, [field]: value }))
    expect(error).toMatchObject({ code: 'BAD_DATA', field })
    expect(error.message).toMatch(new RegExp(`^price: ${field} `))
  })

  it('is refused if the message is not JSON, not UTF-8 or not an object', () => {
    for (const bytes of [Buffer.from('{'), Buffer.from([0xff, 0xfe]), Buffer.from('[]'), Buffer.from('null'), Buffer.from('1')])
      expect(thrown(() => price.decode(bytes))).toMatchObject({ code: 'BAD_DATA' })
  })

  it('all prices of one instrument have one message key', () => {
    expect(price.messageKey(price.fromWire(wire) as Price)).toBe('coingecko:bitcoin')
  })
})

function thrown(run: () => unknown): QiError {
  try {
    run()
  } catch (error) {
    if (error instanceof QiError) return error
    throw error
  }
  throw new Error('expected it to be refused')
}
