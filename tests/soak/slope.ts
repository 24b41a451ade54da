export interface Point {
  readonly x: number
  readonly y: number
}

export interface Slope {
  readonly slope: number
  /** Between these it lies, with the confidence asked for. Infinite where there are too few points to say. */
  readonly low: number
  readonly high: number
}

/** Of the normal distribution: 99.5 % lie below, so that 99 % lie between it and its negative. */
const Z99 = 2.576

/**
 * The Theil–Sen slope: the median of the slopes between all pairs of points, which up to 29 % of them may be arbitrarily wrong
 * without moving much. The interval is Sen's (1968), of Kendall's S, for 99 %.
 */
export function theilSen(points: readonly Point[]): Slope {
  const slopes = points
    .flatMap((a, i) => points.slice(i + 1).map((b) => (b.y - a.y) / (b.x - a.x)))
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  const n = points.length
  const reach = Z99 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const below = Math.floor((slopes.length - reach) / 2)
  const known = below >= 0 && slopes.length > 0
  return {
    slope: median(slopes),
    low: known ? (slopes[below] as number) : Number.NEGATIVE_INFINITY,
    high: known ? (slopes[slopes.length - 1 - below] as number) : Number.POSITIVE_INFINITY,
  }
}

/** Of values in any order; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}
