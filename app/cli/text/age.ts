const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** A duration in its largest unit and the next: `3 s`, `2 min 5 s`, `4 h 10 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const index = UNITS.findIndex(([, length]) => seconds >= length)
  if (index < 0) return '0 s'
  const [unit, length] = UNITS[index] as (typeof UNITS)[number]
  const next = UNITS[index + 1]
  const rest = next ? Math.floor((seconds % length) / next[1]) : 0
  return `${Math.floor(seconds / length)} ${unit}${next && rest ? ` ${rest} ${next[0]}` : ''}`
}

/** Time since a moment, or `… ahead` if it lies in the future, as with a clock that is slow. */
export function age(at: number, now: number): string {
  return at > now + 1000 ? `${duration(at - now)} ahead` : duration(now - at)
}
