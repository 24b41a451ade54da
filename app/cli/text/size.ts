const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes in the largest unit of 1,000 that leaves at least 1: `8.2 MB`. */
export function size(bytes: number): string {
  const index = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const value = bytes / 1000 ** index
  return `${index === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[index]}`
}
