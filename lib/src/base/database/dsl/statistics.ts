/** ln(x_t / x_{t-1}). */
export const logReturns = (values: readonly number[]): number[] =>
  values.slice(1).map((value, at) => Math.log(value / (values[at] as number)))

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Of a sample: divided by n - 1. */
export function standardDeviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

/** Pearson's r; undefined where one of the two does not move. */
export function pearson(a: readonly number[], b: readonly number[]): number | undefined {
  const [middleA, middleB] = [mean(a), mean(b)]
  let [together, squareA, squareB] = [0, 0, 0]
  for (const [at, value] of a.entries()) {
    const [x, y] = [value - middleA, (b[at] as number) - middleB]
    together += x * y
    squareA += x * x
    squareB += y * y
  }
  const scale = Math.sqrt(squareA * squareB)
  return scale > 0 ? Math.max(-1, Math.min(1, together / scale)) : undefined
}

/** The median; sorts the values. */
export function medianOf(values: Float64Array): number {
  values.sort()
  const middle = values.length >> 1
  return values.length % 2 ? (values[middle] as number) : ((values[middle - 1] as number) + (values[middle] as number)) / 2
}
