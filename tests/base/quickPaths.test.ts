import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatTime,
  parseTime,
  QiError,
  type RecordType,
  type RecordValues,
  recordTypes,
} from '../../lib/src/base/types/index.ts'
import { faultyLists, validLists } from '../database/bookLists.ts'

// The fast paths for times and records, compared with the slow ones: the calendar, and the zod schema.

const MAX = Number.MAX_SAFE_INTEGER
const MIN = -62_135_596_800_000_000
const ISO = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})0*)?([Zz]|[+-]\d\d(?::?\d\d)?)$/

function slowParse(text: string): number | string {
  const m = ISO.exec(text)
  const wall = m ? Date.parse(`${m[1]}T${m[2]}Z`) : Number.NaN
  if (!m || Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 19) !== `${m[1]}T${m[2]}`)
    return `"${text.slice(0, 40)}" is not a time such as 2026-01-31T12:00:00.000001Z`
  const zone = (m[4] as string).toUpperCase()
  const digits = zone.slice(1).replace(':', '')
  const offset =
    zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4) || 0))
  const second = (wall - offset * 60_000) * 1000
  const fraction = Number((m[3] ?? '').padEnd(6, '0'))
  const micros = second + fraction
  if (micros > MAX || micros < MIN)
    return `"${text.slice(0, 40)}" lies outside of what is exact to the microsecond: use a time from the year 1 to 2255`
  return BigInt(second) + BigInt(fraction) === BigInt(micros)
    ? micros
    : `"${text}" is too long ago for decimals of a second: before 1685 give whole seconds`
}

function slowFormat(time: number): string {
  const seconds = new Date(Math.floor(time / 1000)).toISOString().slice(0, 19)
  const fraction = time - Math.floor(time / 1e6) * 1e6
  return fraction === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`
}

const orMessage = <T>(read: () => T): T | string => {
  try {
    return read()
  } catch (error) {
    return (error as QiError).message
  }
}

const micros = fc.oneof(
  fc.integer({ min: MIN, max: MAX }),
  fc.integer({ min: 1_700_000_000, max: 1_700_200_000 }).map((seconds) => seconds * 1e6),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_200_000_000 }).map((millis) => millis * 1e3),
  fc.constantFrom(MIN, MAX, 0, -1, 1, 86_400_000_000, -86_400_000_000),
)

test('a time is written and read as the calendar has it', () => {
  fc.assert(
    fc.property(micros, (time) => {
      const text = slowFormat(time)
      expect(formatTime(time)).toBe(text)
      expect(parseTime(text)).toBe(time)
    }),
    { numRuns: 3000 },
  )
})

test('any text is read, or refused with the same error', () => {
  const near = fc
    .tuple(micros, fc.nat({ max: 30 }), fc.constantFrom(...'0123456789-:.TtZz+ '), fc.nat({ max: 3 }))
    .map(([time, at, c, how]) => {
      const text = slowFormat(time)
      if (how === 0) return text.slice(0, at) + c + text.slice(at + 1)
      if (how === 1) return text.slice(0, at) + c + text.slice(at)
      if (how === 2) return text.slice(0, at) + text.slice(at + 1)
      return text.replace('Z', '+05:30')
    })
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      const expected = slowParse(text)
      expect(orMessage(() => parseTime(text))).toBe(expected)
      expect(orMessage(() => parseTime(text))).toBe(expected)
    }),
    { numRuns: 5000 },
  )
})

const wireValue = (type: RecordType, name: string, kind: string): fc.Arbitrary<unknown> => {
  const odd = fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    'x:y',
    '\0',
    '\ud800',
    'a\nb',
    'a\u202eb',
    'a\u200b',
    '👨\u200d💻',
    '\u007f',
    '\u{e0041}b',
    '1.50',
    '01',
    '-0',
    '1e5',
    '5.6e-11',
    7,
    -1,
    1.5,
    -0,
    true,
    {},
    [],
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '2026-01-01 00:00:00Z',
    '2026-02-30T00:00:00Z',
    'a'.repeat(201),
  )
  const json = type.schema.shape[name]?.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as {
    enum?: string[]
    anyOf?: { enum?: string[] }[]
  }
  const members = json.enum ?? json.anyOf?.flatMap((each) => each.enum ?? [])
  const good: Record<string, fc.Arbitrary<unknown>> = {
    text: members?.length
      ? fc.constantFrom(...members)
      : name === 'source'
        ? fc.constant('coingecko')
        : fc.oneof(fc.constantFrom('bitcoin', 'BTC/USDT', 'é"\\🙂'), fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })),
    decimal: fc
      .tuple(fc.bigInt(0n, 10n ** 30n), fc.bigInt(0n, 10n ** 20n), fc.boolean())
      .map(([a, b, minus]) => `${minus ? '-' : ''}${a}.${b}`),
    time: micros.map(slowFormat),
    integer: fc.nat(),
    float: fc.double({ noNaN: true, noDefaultInfinity: true }),
    boolean: fc.boolean(),
    decimals: fc.array(fc.constantFrom('1', '2', '1.50', '3.25', '-0', '100000000000000000001'), { maxLength: 4 }),
  }
  return fc.oneof({ weight: 60, arbitrary: good[kind] as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd })
}

const figures = fc.constantFrom('1', '2', '1.50', '3.25', '-0', '100000000000000000001')
const lists = fc.oneof(
  { weight: 4, arbitrary: validLists(figures, 5) },
  { weight: 1, arbitrary: faultyLists(figures, fc.constantFrom(null, 7, 'x', '1e5', {})) },
)

const wireRecord = (type: RecordType): fc.Arbitrary<Record<string, unknown>> => {
  const any = fc.record(
    Object.fromEntries(
      type.fields.map(({ name, kind, optional }) => [
        name,
        optional ? fc.option(wireValue(type, name, kind), { nil: undefined }) : wireValue(type, name, kind),
      ]),
    ),
  )
  return type.name === 'book' ? fc.tuple(any, lists).map(([wire, own]) => ({ ...wire, ...own })) : any
}

/** {@link RecordType.fromWire} with the schema alone. */
function slowFromWire(type: RecordType, wire: unknown): Record<string, unknown> | undefined {
  const result = type.schema.safeParse(wire)
  if (!result.success) return undefined
  const values = type.fields.map(({ name, property }) => [property, (result.data as Record<string, unknown>)[name]] as const)
  const record = Object.fromEntries(values.filter(([, value]) => value !== undefined)) as RecordValues
  return attempt(() => type.checkRule(record))
}

const attempt = <T>(run: () => T): T | undefined => {
  try {
    return run()
  } catch (error) {
    expect(error).toBeInstanceOf(QiError)
    expect((error as QiError).code).toBe('BAD_DATA')
    return undefined
  }
}

test.each(Object.values(recordTypes).map((type) => [type.name, type as RecordType] as const))(
  '%s: read and written as the schema says',
  (_name, type) => {
    let valid = 0
    fc.assert(
      fc.property(wireRecord(type), (wire) => {
        const expected = slowFromWire(type, wire)
        expect(attempt(() => type.fromWire(wire))).toEqual(expected)
        const text = JSON.stringify(wire)
        expect(attempt(() => type.decode(Buffer.from(text)))).toEqual(slowFromWire(type, JSON.parse(text)))
        if (!expected) return
        valid++
        const record = expected as RecordValues
        const json = JSON.stringify(type.toWire(record))
        expect(type.encode(record)).toBe(json)
        expect(type.encodeChecked(record)).toBe(json)
      }),
      { numRuns: 400 },
    )
    expect(valid).toBeGreaterThan(50)
  },
)

test.each(Object.values(recordTypes).map((type) => [type.name, type as RecordType] as const))(
  '%s: a record made in TypeScript is checked as its wire form is',
  (_name, type) => {
    fc.assert(
      fc.property(wireRecord(type), fc.boolean(), (wire, mend) => {
        const record = Object.fromEntries(
          type.fields.map(({ name, property, kind }) => [property, kind === 'time' && mend ? 1_700_000_000_000_000 : wire[name]]),
        )
        const slow = attempt(() => slowFromWire(type, type.toWire(record as RecordValues)))
        expect(attempt(() => type.check(record as RecordValues) && 'valid')).toBe(slow && 'valid')
        expect(attempt(() => type.encodeChecked(record as RecordValues))).toBe(
          slow && JSON.stringify(type.toWire(slow as RecordValues)),
        )
      }),
      { numRuns: 300 },
    )
  },
)

test('an invalid time is named', () => {
  const record = {
    ...recordTypes.trade.fromWire({
      coin_id: 'a',
      source: 's',
      time: '2026-01-01T00:00:00Z',
      received_at: '2026-01-01T00:00:00Z',
      origin: 'live',
      currency: 'usd',
      trade_id: '1',
      side: 'buy',
      price: '1',
      amount: '1',
    }),
    time: Number.NaN,
  }
  expect(() => recordTypes.trade.check(record)).toThrow('trade: time: NaN is not a time in integer microseconds since 1970')
})
