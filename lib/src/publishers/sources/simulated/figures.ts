import { type Decimal, decimal } from '../../../base/types/index.ts'

/** A price with as many digits as a market shows: cents above a thousand, six significant digits below one. */
export function priceText(price: number): Decimal {
  if (price >= 1000) return fixed(price, 2)
  if (price >= 1) return fixed(price, 4)
  return fixed(price, Math.min(40, 5 - Math.floor(Math.log10(price))))
}

export function fixed(value: number, decimals: number): Decimal {
  const text = value.toFixed(decimals)
  if (decimals === 0) return decimal(text)
  let end = text.length
  while (text.charCodeAt(end - 1) === 0x30) end--
  if (text.charCodeAt(end - 1) === 0x2e) end--
  const cut = text.slice(0, end)
  return decimal(cut === '-0' ? '0' : cut)
}
