import fc from 'fast-check'
import { decimal, isDecimal } from '../../../lib/src/base/types/index.ts'

const digits = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: least, maxLength: most })

/** Texts of figures as a venue could send them, with 1 to 45 digits on a side of the point, and with exponents. */
export const figureTexts: fc.Arbitrary<string> = fc
  .tuple(digits(1, 45), fc.option(digits(1, 45)), fc.option(fc.integer({ min: -60, max: 60 })))
  .map(
    ([whole, fraction, exponent]) =>
      `${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`,
  )

/** The canonical decimal of a figure by whole numbers, without the code under test; undefined if it has more than 40 digits on a side. */
export function exactly(text: string): string | undefined {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const scale = fraction.length - Number(exponent)
  const units = scale < 0 ? BigInt(whole + fraction) * 10n ** BigInt(-scale) : BigInt(whole + fraction)
  const padded = units.toString().padStart(Math.max(scale, 0) + 1, '0')
  const point = padded.length - Math.max(scale, 0)
  const rest = padded.slice(point).replace(/0+$/, '')
  const canonical = `${padded.slice(0, point)}${rest && `.${rest}`}`
  return point <= 40 && rest.length <= 40 && isDecimal(decimal(canonical)) ? canonical : undefined
}
