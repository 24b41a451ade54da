import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordFields } from '../../lib/src/base/database/index.ts'
import { encodedBatch, nowMicros, price, type RecordType, type RecordValues } from '../../lib/src/base/types/index.ts'
import { everyType, LATER, LATER_AND_SLOW, laterValue, sampleWire } from '../support/laterRecords.ts'
import { aPrice } from './records.ts'

const HOUR = 3_600_000_000

const batchOf = (type: RecordType, values: readonly string[]) =>
  encodedBatch(
    type.topic,
    0,
    values.map((value, i) => ({ offset: BigInt(i), key: null, value: Buffer.from(value), timestamp: 0 })),
  )

/** All fields of the last record. */
function valuesOf(type: RecordType, fields: RecordFields): Record<string, unknown> {
  const read = { text: 'text', time: 'time', integer: 'integer', boolean: 'flag' } as const
  return Object.fromEntries(
    type.fields.flatMap(({ name, property, kind }) => {
      const place = fields.place(name)
      return kind in read && fields.has(place) ? [[property, fields[read[kind as keyof typeof read]](place)]] : []
    }),
  )
}

const decodedOf = (type: RecordType, value: string): Record<string, unknown> => {
  const record: RecordValues = type.decode(Buffer.from(value))
  const kept = type.fields.filter(
    ({ kind, property }) => !['decimal', 'decimals', 'float'].includes(kind) && record[property] !== undefined,
  )
  return Object.fromEntries(kept.map(({ property }) => [property, record[property]]))
}

describe('fields of encoded records', () => {
  test.each(everyType.map((type) => [type.name, type] as const))('of %s are those of the decoded record', (_, type) => {
    const wire = sampleWire(type, 'a-source', 'a-coin')
    const required = Object.fromEntries(
      Object.entries(wire).filter(([name]) => !type.fields.find((field) => field.name === name)?.optional),
    )
    const reversed = Object.fromEntries(Object.entries(wire).reverse())
    const values = [wire, required, reversed].map((one) => JSON.stringify(one))
    const all = [...values, laterValue(wire, LATER), laterValue(wire, LATER_AND_SLOW), JSON.stringify(wire, null, 2)]
    const batch = batchOf(type, all)
    const fields = new RecordFields(type)
    for (const [i, value] of all.entries()) {
      fields.read(batch, i)
      expect(valuesOf(type, fields), value).toEqual(decodedOf(type, value))
    }
  })

  test('of a record do not leak into the next one', () => {
    const values = [
      aPrice({ marketCap: aPrice().price, coinId: 'größe' }),
      aPrice(),
      aPrice({ marketCap: aPrice().price, coinId: 'x' }),
      aPrice(),
    ]
    const batch = batchOf(
      price as unknown as RecordType,
      values.map((value) => price.encode(value)),
    )
    const fields = new RecordFields(price as unknown as RecordType)
    const place = fields.place('market_cap')
    const seen = values.map((_, i) => {
      fields.read(batch, i)
      return [fields.has(place), fields.decoded === undefined]
    })
    expect(seen).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [false, true],
    ])
  })

  test('of an invalid record, or one from the future, are refused with the field’s name', () => {
    const now = nowMicros()
    const values = [
      'no record',
      '{}',
      price.encode(aPrice({ time: now + HOUR })),
      price.encode(aPrice({ receivedAt: now + HOUR })),
    ]
    const batch = batchOf(price as unknown as RecordType, [...values, price.encode(aPrice())])
    const fields = new RecordFields(price as unknown as RecordType, () => now)
    const reasons = [/not JSON/, /coin_id missing/, /time .* is from the future/, /received_at .* is from the future/]
    for (const [i, reason] of reasons.entries()) expect(() => fields.read(batch, i)).toThrow(reason)
    expect(() => fields.read(batch, values.length)).not.toThrow()
  })

  test('fits() counts the digits of a figure', () => {
    const digits = fc.stringMatching(/^\d{0,39}$/)
    const fields = new RecordFields(price as unknown as RecordType)
    const place = fields.place('price')
    fc.assert(
      fc.property(
        digits,
        digits,
        fc.boolean(),
        fc.integer({ min: 15, max: 40 }),
        fc.nat(40),
        (before, behind, negative, whole, fraction) => {
          const text = `${negative ? '-' : ''}${before === '' ? '0' : before}${behind === '' ? '' : `.${behind}`}`
          const value = price.encode(aPrice()).replace('65000.5', text)
          const canonical = (price.decode(Buffer.from(value)).price as string).replace('-', '').split('.')
          fields.read(batchOf(price as unknown as RecordType, [value]), 0)
          expect(fields.fits(place, whole, fraction)).toBe(
            (canonical[0] ?? '').length <= whole && (canonical[1] ?? '').length <= fraction,
          )
        },
      ),
    )
    expect(fields.fits(fields.place('market_cap'), 0, 0)).toBe(true)
  })
})
