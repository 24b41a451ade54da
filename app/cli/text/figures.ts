/*
 * Figures for people, made from the digits of exact decimals, never through a float. With --exact, --json and --csv figures have all their
 * digits.
 */

/** Least significant digits of a price, and least decimals of a large price. */
const DIGITS = 8
const DECIMALS = 2
const UNITS = ['', 'k', 'M', 'B', 'T', 'Q'] as const

/** `1234567.5` → `1,234,567.5`. */
export function grouped(figure: string): string {
  const [whole = '', fraction] = figure.split('.')
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? groups : `${groups}.${fraction}`
}

/** A price with grouped thousands, to at least 8 significant digits and two decimals. */
export function priceText(price: string): string {
  const [whole = '', fraction = ''] = price.replace('-', '').split('.')
  const leading = whole === '0' ? (/^0*/.exec(fraction)?.[0].length ?? 0) : -whole.length
  return grouped(trimmed(rounded(price, Math.max(DECIMALS, DIGITS + leading))))
}

/** `1745969192521` → `1.746 T`: four significant digits. */
export function shortText(figure: string): string {
  const whole = figure.replace('-', '').split('.')[0] ?? ''
  if (whole === '0') return priceText(figure)
  if (whole.length <= 3) return trimmed(rounded(figure, 4 - whole.length))
  const unit = Math.min(UNITS.length - 1, Math.floor((whole.length - 1) / 3))
  const moved = movePoint(figure, unit * 3)
  const before = moved.replace('-', '').split('.')[0] ?? ''
  const short = rounded(moved, Math.max(0, 4 - before.length))
  // Rounding can reach the next unit: 999,950 becomes 1,000.0 k.
  if (short.replace('-', '').startsWith('1000.') || short.replace('-', '') === '1000')
    if (unit < UNITS.length - 1) return `${short.startsWith('-') ? '-' : ''}1.000 ${UNITS[unit + 1]}`
  return `${grouped(short)} ${UNITS[unit]}`
}

/** A change in per cent with its sign and two decimals: `+1.50`, `-0.07`, `0.00`. */
export function changeText(percent: string): string {
  const text = rounded(percent, 2)
  return /[1-9]/.test(text) ? signed(text) : '0.00'
}

/** `1.5` → `+1.5`; all its digits. */
export const signed = (figure: string): string => (figure.startsWith('-') || !/[1-9]/.test(figure) ? figure : `+${figure}`)

/** Rounds half away from zero. */
function rounded(figure: string, decimals: number): string {
  const negative = figure.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? figure.slice(1) : figure).split('.')
  if (fraction.length <= decimals) return `${negative ? '-' : ''}${withPoint(whole + fraction.padEnd(decimals, '0'), decimals)}`
  const kept = BigInt(whole + fraction.slice(0, decimals)) + (Number(fraction[decimals]) >= 5 ? 1n : 0n)
  return `${negative ? '-' : ''}${withPoint(String(kept), decimals)}`
}

function withPoint(digits: string, decimals: number): string {
  if (decimals === 0) return digits
  const padded = digits.padStart(decimals + 1, '0')
  return `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
}

/** Divides by a power of ten. */
function movePoint(figure: string, places: number): string {
  const negative = figure.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? figure.slice(1) : figure).split('.')
  return `${negative ? '-' : ''}${withPoint(whole + fraction, fraction.length + places)}`
}

const trimmed = (figure: string): string => (figure.includes('.') ? figure.replace(/\.?0+$/, '') : figure)
