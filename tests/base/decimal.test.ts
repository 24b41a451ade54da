import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, type Decimal, decimal, isDecimal } from '../../lib/src/base/types/index.ts'

/** A number as digits and a power of ten, and all its spellings. */
const digits = fc.bigInt(0n, 10n ** 38n)
const places = fc.integer({ min: 0, max: 38 })
const signed = fc.tuple(fc.boolean(), digits, places)

function plain([negative, value, scale]: [boolean, bigint, number]): string {
  const text = value.toString().padStart(scale + 1, '0')
  const whole = text.slice(0, text.length - scale)
  return `${negative ? '-' : ''}${scale ? `${whole}.${text.slice(text.length - scale)}` : whole}`
}

function orRefused(text: string): string {
  try {
    return decimal(text)
  } catch {
    return 'refused'
  }
}

describe('decimal', () => {
  it.each([
    ['1.50', '1.5'],
    ['2.993e-05', '0.00002993'],
    ['5.6e-11', '0.000000000056'],
    ['1.0e+15', '1000000000000000'],
    ['18921275.0', '18921275'],
    ['-0.0', '0'],
    ['-0', '0'],
    ['+3', '3'],
    ['007', '7'],
    ['123456789012345.12345678', '123456789012345.12345678'],
    ['1E39', `1${'0'.repeat(39)}`],
    ['0e99', '0'],
    ['1e-40', `0.${'0'.repeat(39)}1`],
    ['-12e-1', '-1.2'],
  ])('%s is %s', (text, canonical) => {
    expect(decimal(text)).toBe(canonical)
    expect(isDecimal(canonical)).toBe(true)
  })

  it.each([
    '',
    '.',
    '.5',
    'NaN',
    'Infinity',
    '1e',
    '1,000',
    '0x10',
    ' 1',
    '1 ',
    '1e41',
    '1e-41',
    '1e99999',
    '--1',
    '١',
    `1${'0'.repeat(40)}`,
  ])('%j is refused', (text) => expect(() => decimal(text)).toThrow(expect.objectContaining({ code: 'BAD_DATA' })))

  it('are canonical by their characters where the pattern says so', () => {
    const canonical = /^(?:0|-?(?:[1-9]\d{0,39}|0(?=\.))(?:\.\d{0,39}[1-9])?)$/
    const texts = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0123.-'), maxLength: 6 }),
      fc
        .tuple(
          fc.constantFrom('', '-', '0', '7'),
          fc.nat({ max: 42 }),
          fc.constantFrom('', '.'),
          fc.nat({ max: 42 }),
          fc.constantFrom('', '0', 'e', ' '),
        )
        .map(([head, whole, point, fraction, tail]) => `${head}${'1'.repeat(whole)}${point}${'2'.repeat(fraction)}${tail}`),
    )
    fc.assert(
      fc.property(texts, (text) => isDecimal(text) === canonical.test(text)),
      { numRuns: 2000 },
    )
  })

  it('has the same value in every spelling, and is its own canonical form', () => {
    fc.assert(
      fc.property(signed, fc.integer({ min: -30, max: 30 }), (number, shift) => {
        const text = plain(number)
        const canonical = decimal(text)
        expect(decimal(canonical)).toBe(canonical)
        expect(isDecimal(canonical)).toBe(true)
        expect(canonical).not.toMatch(/^-?0\d|\.\d*0$|\.$|e|^-0$/)
        expect(decimal(`${text.includes('.') ? text : `${text}.`}000`)).toBe(canonical)
        // The same number with its point moved, and an exponent to correct that.
        const [negative, value, scale] = number
        expect(orRefused(`${negative ? '-' : ''}${value}e${shift - scale}`)).toBe(orRefused(`${canonical}e${shift}`))
      }),
    )
  })

  it('agrees with exact arithmetic: its value is the digits over the power of ten', () => {
    fc.assert(
      fc.property(signed, (number) => {
        const [whole = '', fraction = ''] = decimal(plain(number)).replace('-', '').split('.')
        const [, value, scale] = number
        expect(BigInt(whole + fraction) * 10n ** BigInt(scale)).toBe(value * 10n ** BigInt(fraction.length))
      }),
    )
  })

  it('compares exactly', () => {
    fc.assert(
      fc.property(signed, signed, (a, b) => {
        const exact = ([negative, value, scale]: [boolean, bigint, number]) =>
          (negative ? -1n : 1n) * value * 10n ** BigInt(38 - scale)
        const order = exact(a) < exact(b) ? -1 : exact(a) > exact(b) ? 1 : 0
        expect(Math.sign(compareDecimals(decimal(plain(a)), decimal(plain(b))))).toBe(order)
      }),
      { numRuns: 1000 },
    )
    const sorted = ['-10', '-9.5', '-0.01', '0', '0.009', '0.01', '0.1', '9', '10', '10.01'] as Decimal[]
    expect([...sorted].reverse().sort(compareDecimals)).toEqual(sorted)
  })
})
