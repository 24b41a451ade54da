import { MINUS, POINT, QUOTE, type ScanCursor, ZERO } from './cursor.ts'

/** Most digits before the point that a number holds exactly; more are left to the slow way. */
const WHOLE_DIGITS = 15
const FRACTION_DIGITS = 40
const NEGATIVE = 0x4000
/** Factor that completes a base-10000 group, by the number of missing digits. */
const MISSING = new Int32Array([1, 10, 100, 1000])

/** Most bytes of a field: length, header, and the groups on either side of the point. */
export const DECIMAL_BYTES = 4 + 8 + 2 * (4 + 10)

/** Scans a decimal string into PostgreSQL's binary numeric in canonical form: without leading or trailing zeros. */
export function scanDecimal(c: ScanCursor): boolean {
  const { bytes, view } = c
  let i = c.at
  let sign = 0
  if (bytes[i] === MINUS) {
    sign = NEGATIVE
    i++
  }
  const start = i
  let whole = 0
  let digit = (bytes[i] as number) - ZERO
  while (digit >= 0 && digit <= 9) {
    whole = whole * 10 + digit
    digit = (bytes[++i] as number) - ZERO
  }
  if (i === start || i - start > WHOLE_DIGITS) return false
  const head = c.to + 4
  const first = head + 8
  let p = first
  let weight = 0
  if (whole > 0) {
    p = putWhole(view, p, whole)
    weight = ((p - first) >> 1) - 1
  }
  let scale = 0
  if (bytes[i] === POINT) {
    let digits = 0
    let group = 0
    for (;;) {
      digit = (bytes[++i] as number) - ZERO
      if (!(digit >= 0 && digit <= 9)) break
      group = group * 10 + digit
      digits++
      if (digit !== 0) scale = digits
      if ((digits & 3) !== 0) continue
      if (digits > FRACTION_DIGITS) return false
      if (p > first || group > 0) {
        if (p === first) weight = -(digits >> 2)
        view.setUint16(p, group)
        p += 2
      }
      group = 0
    }
    if (digits === 0 || digits > FRACTION_DIGITS) return false
    if (group > 0) {
      if (p === first) weight = -((digits + 3) >> 2)
      view.setUint16(p, group * (MISSING[-digits & 3] as number))
      p += 2
    }
  }
  if (bytes[i] !== QUOTE) return false
  while (p > first && view.getUint16(p - 2) === 0) p -= 2
  if (p === first) {
    sign = 0
    weight = 0
  }
  view.setInt32(c.to, p - head)
  view.setInt32(head, ((p - first) << 15) | (weight & 0xffff))
  view.setInt32(head + 4, (sign << 16) | scale)
  c.at = i + 1
  c.to = p
  return true
}

/** Writes the base-10000 groups of a whole number above 0 and below 10^15. */
function putWhole(view: DataView, p: number, whole: number): number {
  if (whole < 1e4) {
    view.setUint16(p, whole)
    return p + 2
  }
  if (whole < 1e8) return putEight(view, p, whole)
  const upper = Math.floor(whole / 1e8)
  const next = upper < 1e4 ? putWhole(view, p, upper) : putEight(view, p, upper)
  return putEight(view, next, whole - upper * 1e8)
}

function putEight(view: DataView, p: number, value: number): number {
  const upper = (value / 1e4) | 0
  view.setUint16(p, upper)
  view.setUint16(p + 2, value - upper * 1e4)
  return p + 4
}
