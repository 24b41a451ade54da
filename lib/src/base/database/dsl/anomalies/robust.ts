import { medianOf } from '../statistics.ts'

/** Converts the median absolute deviation of a normal distribution into its standard deviation: 1 / Φ⁻¹(3/4). */
const MAD_TO_SIGMA = 1.482602218505602
/** The same for the mean absolute deviation: √(π/2). */
const MEAN_TO_SIGMA = 1.2533141373155003

export interface Spread {
  readonly median: number
  /** A standard deviation that outliers do not move; 0 if all values are equal. */
  readonly sigma: number
}

/**
 * Median and robust standard deviation: 1.4826 × the median absolute deviation (Iglewicz and Hoaglin, How to detect and handle
 * outliers, 1993). If more than half of the values are equal, that is 0, and the mean absolute deviation is used instead.
 */
export function spreadOf(values: Float64Array): Spread {
  const median = medianOf(values.slice())
  const deviations = values.map((value) => Math.abs(value - median))
  const mean = deviations.reduce((sum, value) => sum + value, 0) / deviations.length
  const mad = medianOf(deviations)
  return { median, sigma: mad > 0 ? MAD_TO_SIGMA * mad : MEAN_TO_SIGMA * mean }
}
