const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Such as `90s`, `10m`, `6h`, `1d`. */
export const DURATION = /^\d+(\.\d+)?[smhd]$/

/** @param text matches DURATION */
export const millisOf = (text: string): number => Number(text.slice(0, -1)) * UNITS[text.at(-1) as keyof typeof UNITS]

/** In the largest unit that leaves no fraction. */
export function durationText(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((name) => ms >= UNITS[name] && ms % UNITS[name] === 0) ?? 's'
  return `${Number((ms / UNITS[unit]).toFixed(1))}${unit}`
}
