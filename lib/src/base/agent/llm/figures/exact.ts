import { DECIMAL_DIGITS, decimal } from '../../../types/index.ts'

/** Figures are compared as integers times 10^60: more decimals than any figure has, with room for shifts. */
const SCALE = 60

/** A figure times 10^60, exact; undefined if the text is none. */
export function exact(text: string): bigint | undefined {
  let canonical: string
  try {
    canonical = decimal(text)
  } catch {
    return undefined
  }
  const [whole = '0', fraction = ''] = canonical.split('.')
  return BigInt(whole + fraction.padEnd(SCALE, '0'))
}

export const powerOfTen = (exponent: number): bigint => 10n ** BigInt(SCALE + exponent)

export const timesPowerOfTen = (value: bigint, exponent: number): bigint =>
  exponent >= 0 ? value * 10n ** BigInt(exponent) : value / 10n ** BigInt(-exponent)

export const magnitude = (value: bigint): bigint => (value < 0n ? -value : value)

/** As text, canonical, with as many decimals as a decimal may have. */
export function exactText(value: bigint): string {
  const digits = magnitude(value)
    .toString()
    .padStart(SCALE + 1, '0')
  const fraction = digits.slice(-SCALE, DECIMAL_DIGITS - SCALE).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -SCALE)}${fraction && `.${fraction}`}`
}
