import fc from 'fast-check'
import { formatTime, type RecordType } from '../../lib/src/base/types/index.ts'
import { faultyLists, validLists } from './bookLists.ts'

const digits = (min: number, max: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max })
/** Times whose microseconds fit a number exactly, both since 1970 and since 2000: years 1716 to 2255. */
const MICROS = { min: -8_000_000_000_000_000, max: Number.MAX_SAFE_INTEGER }

/** Plain decimals, canonical or not, up to the allowed number of digits and beyond. */
const decimals = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.boolean(), digits(1, 12), digits(1, 12)).map(([minus, a, b]) => `${minus ? '-' : ''}${a}.${b}`),
  },
  { weight: 2, arbitrary: fc.tuple(fc.boolean(), digits(1, 15)).map(([minus, a]) => `${minus ? '-' : ''}${a}`) },
  { weight: 1, arbitrary: fc.tuple(digits(1, 42), digits(1, 42)).map(([a, b]) => `${a}.${b}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '0',
      '-0',
      '0.0',
      '-0.000',
      '10000',
      '1.0000',
      '0.00001',
      '00012.340',
      '1.',
      '.5',
      '1e5',
      '+1',
      '',
    ),
  },
)
const plainDecimals = fc
  .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 15n - 1n), digits(0, 40))
  .map(([minus, a, b]) => `${minus ? '-' : ''}${a}${b && `.${b}`}`)

const anyMicros = fc.oneof(
  fc.integer(MICROS),
  fc.integer({ min: 1_700_000_000, max: 1_800_000_000 }).map((s) => s * 1e6),
  fc.constantFrom(MICROS.min, MICROS.max),
)
const plainTimes = anyMicros.map(formatTime)
const times = fc.oneof(
  { weight: 4, arbitrary: plainTimes },
  {
    weight: 2,
    arbitrary: fc
      .tuple(plainTimes, fc.constantFrom('+00:00', '-00:00', '+05:30', '-23:59', '+99:99', 'z', '+0530', ''))
      .map(([t, zone]) => t.replace('Z', zone)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 2260 }), ...[13, 32, 25, 61, 61].map((max) => fc.integer({ min: 0, max })), digits(0, 7))
      .map(([year, month, day, h, m, s, fraction]) => {
        const two = (n: unknown) => String(n).padStart(2, '0')
        return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(h)}:${two(m)}:${two(s)}${fraction && `.${fraction}`}Z`
      }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '2024-02-29T00:00:00Z',
      '2023-02-29T00:00:00Z',
      '2100-02-29T00:00:00Z',
      '2026-01-01t00:00:00Z',
      '2026-01-01 00:00:00Z',
    ),
  },
)

const odd = fc.oneof(
  fc.constantFrom(
    null,
    '',
    true,
    false,
    1,
    -1,
    0,
    1.5,
    '1',
    'live',
    {},
    [],
    Number.POSITIVE_INFINITY,
    'a'.repeat(200),
    'a'.repeat(201),
    'é',
    'a"b\\c\n',
    '\0',
    '\ud800',
    'a\u202eb',
    'a\u200b',
    '👨\u200d💻',
    '\u007f',
    '\u{e0041}b',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

function texts(type: RecordType, name: string): fc.Arbitrary<unknown> {
  const json = type.schema.shape[name]?.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as {
    enum?: string[]
    anyOf?: { enum?: string[] }[]
  }
  const members = json.enum ?? json.anyOf?.flatMap((each) => each.enum ?? [])
  if (members?.length) return fc.constantFrom(...members)
  if (name === 'source') return fc.constantFrom('coingecko', 'venue-1', 's')
  return fc.string({ unit: fc.constantFrom(...'abcXYZ019/-_. :,{}[]()!'), minLength: 1, maxLength: 30 })
}

const doubles = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => Number(x.toFixed(4))),
  fc.integer(),
)

/** Generators by kind of field: `plain` ones are valid; the others may be invalid. */
const kinds: Readonly<Record<string, { plain: fc.Arbitrary<unknown>; wild: fc.Arbitrary<unknown> }>> = {
  decimal: { plain: plainDecimals, wild: decimals },
  time: { plain: plainTimes, wild: times },
  integer: { plain: fc.nat(), wild: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-0, 1e15, 1e14, 9007199254740992)) },
  float: { plain: doubles.filter((x) => !JSON.stringify(x).includes('e')), wild: doubles },
  boolean: { plain: fc.boolean(), wild: fc.boolean() },
  decimals: {
    plain: fc.array(plainDecimals, { maxLength: 5 }),
    wild: fc.array(fc.oneof(plainDecimals, decimals, odd), { maxLength: 5 }),
  },
}

function values(type: RecordType, name: string, kind: string, onlyPlain: boolean): fc.Arbitrary<unknown> {
  const { plain, wild } = kinds[kind] ?? { plain: texts(type, name), wild: odd }
  if (onlyPlain) return plain
  return fc.oneof({ weight: 80, arbitrary: plain }, { weight: 8, arbitrary: wild }, { weight: 1, arbitrary: odd })
}

/** Wire objects of a type: mostly valid; with `plain` all valid and plain ASCII. */
export const wireRecord = (type: RecordType, { plain = false } = {}): fc.Arbitrary<Record<string, unknown>> =>
  type.name === 'book'
    ? fc
        .tuple(anyRecord(type, plain), plain ? validLists(plainDecimals) : anyLists)
        .map(([wire, lists]) => ({ ...wire, ...lists }))
    : anyRecord(type, plain)

const anyLists = fc.oneof(
  { weight: 20, arbitrary: validLists(plainDecimals) },
  { weight: 5, arbitrary: faultyLists(plainDecimals, fc.oneof(decimals, odd)) },
  { weight: 1, arbitrary: fc.constant({}) },
)

const anyRecord = (type: RecordType, plain: boolean): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(
      type.fields.map(({ name, kind, optional }) => {
        const value = values(type, name, kind, plain)
        return [
          name,
          optional
            ? fc.option(fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }), {
                nil: undefined,
              })
            : value,
        ]
      }),
    ),
  )

const space = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constantFrom(' ', '\n  ', '\t', '\r\n') },
)

/** Fields of a later version, as JSON: plain ones, or also ones that the scanner leaves to the slow way. */
function laterFields(onlyPlain: boolean): fc.Arbitrary<readonly [name: string, value: string][]> {
  const ascii = fc.constantFrom(...'abcXYZ019/-_. :,{}[]()!')
  const names = fc.constantFrom('note', 'a', 'Price', 'pric', 'price2', 'depth', 'coin id', '')
  const plain = fc.tuple(
    names.map((name) => JSON.stringify(name)),
    fc.jsonValue({ stringUnit: ascii, maxDepth: 4 }).map((value) => JSON.stringify(value)),
  )
  const wild = fc.tuple(
    fc.constantFrom('"pr\\u0069ce"', '"sourc\\u0065"', '"größe"', '"a\\"b"', '"__proto__"', '"x"', '"price'),
    fc.oneof(
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.constantFrom(
        '01',
        '1.',
        '.5',
        '-',
        '1e',
        '+1',
        'tru',
        'nul',
        '[1,]',
        '{"a"}',
        '{"a":1,}',
        '[',
        '"\\x"',
        '"\u00ff"',
        '"\t"',
      ),
      fc.constantFrom('-0', '1E+5', '1e999', '[]', '{}', '[ 1 , {"a" : [null]} ]', '['.repeat(9) + ']'.repeat(9)),
    ),
  )
  const one = onlyPlain ? plain : fc.oneof({ weight: 12, arbitrary: plain }, { weight: 1, arbitrary: wild })
  return fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(one, { maxLength: 3 }) })
}

/** JSON of an object, with its fields in any order, white space anywhere, and fields of a later version among them. */
export const shuffledJson = (wire: Record<string, unknown>, { plain = false } = {}): fc.Arbitrary<string> => {
  const entries = Object.entries(wire).filter(([, value]) => value !== undefined)
  const written = entries.map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)] as [string, string])
  return fc
    .tuple(fc.boolean(), laterFields(plain), fc.array(space, { minLength: 64, maxLength: 64 }))
    .chain(([keep, later, spaces]) => {
      const all = [...written, ...later]
      const order = keep ? fc.constant(all) : fc.shuffledSubarray(all, { minLength: all.length })
      return fc.tuple(order, fc.constant(spaces))
    })
    .map(([fields, spaces]) => {
      let next = 0
      const gap = () => spaces[next++ % spaces.length]
      const json = fields.map(([name, value]) => `${gap()}${name}${gap()}:${gap()}${value}${gap()}`)
      return `${gap()}{${json.join(',')}}${gap()}`
    })
}
