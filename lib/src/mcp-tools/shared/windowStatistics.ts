/** One price of a series: microseconds since 1970, and the figure as a float64 for computations. */
export interface Tick {
  readonly time: number
  readonly price: number
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const MOVING_AVERAGE =
  'SMA(n) = mean of the last n prices; EMA(n) = p·k + EMA·(1 − k), k = 2/(n + 1), from the SMA of the first n on'

export interface MovingAverage {
  readonly period: number
  readonly sma: number
  readonly ema: number
  /** Distance of the last price from the SMA, in per cent of it. */
  readonly distance_pct: number
}

/** Undefined with fewer prices than the period. */
export function movingAverage(ticks: readonly Tick[], period: number): MovingAverage | undefined {
  if (ticks.length < period) return undefined
  const prices = ticks.map(({ price }) => price)
  const sma = mean(prices.slice(-period))
  const k = 2 / (period + 1)
  const ema = prices.slice(period).reduce((so, price) => price * k + so * (1 - k), mean(prices.slice(0, period)))
  return { period, sma, ema, distance_pct: ((prices.at(-1) as number) / sma - 1) * 100 }
}

export const VOLATILITY =
  'sample standard deviation (n − 1) of the log returns ln(p[i]/p[i−1]), in per cent; per year: times √(a year / mean time between prices)'

export interface Volatility {
  readonly returns: number
  readonly per_step_pct: number
  /** Absent if all prices have one time. */
  readonly per_year_pct?: number
}

const YEAR = 365 * 86_400 * 1e6

/** Undefined with fewer than three prices. */
export function volatility(ticks: readonly Tick[]): Volatility | undefined {
  const returns = ticks.slice(1).map(({ price }, i) => Math.log(price / (ticks[i] as Tick).price))
  if (returns.length < 2) return undefined
  const middle = mean(returns)
  const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (returns.length - 1))
  const step = ((ticks.at(-1) as Tick).time - (ticks[0] as Tick).time) / returns.length
  return {
    returns: returns.length,
    per_step_pct: deviation * 100,
    ...(step > 0 && { per_year_pct: deviation * Math.sqrt(YEAR / step) * 100 }),
  }
}

export const TREND =
  'least squares of ln(price) over time: slope in per cent an hour, R², t = slope / its standard error; up or down where |t| > 2, else flat'

export interface Trend {
  readonly direction: 'up' | 'down' | 'flat'
  readonly slope_pct_per_hour: number
  readonly r_squared: number
  /** Absent if the line fits exactly. */
  readonly t?: number
}

const HOUR = 3600 * 1e6

/** Undefined with fewer than three prices, or if all have one time. */
export function trend(ticks: readonly Tick[]): Trend | undefined {
  if (ticks.length < 3) return undefined
  const start = (ticks[0] as Tick).time
  const x = ticks.map(({ time }) => (time - start) / HOUR)
  const y = ticks.map(({ price }) => Math.log(price))
  const [mx, my] = [mean(x), mean(y)]
  const sum = (of: (i: number) => number) => x.reduce((total, _, i) => total + of(i), 0)
  const xx = sum((i) => ((x[i] as number) - mx) ** 2)
  if (xx === 0) return undefined
  const xy = sum((i) => ((x[i] as number) - mx) * ((y[i] as number) - my))
  const yy = sum((i) => ((y[i] as number) - my) ** 2)
  const slope = xy / xx
  const rest = Math.max(0, yy - slope * xy)
  const error = Math.sqrt(rest / (ticks.length - 2) / xx)
  const t = error > 0 ? slope / error : undefined
  const certain = t === undefined ? slope !== 0 : Math.abs(t) > 2
  return {
    direction: !certain ? 'flat' : slope > 0 ? 'up' : 'down',
    slope_pct_per_hour: Math.expm1(slope) * 100,
    r_squared: yy > 0 ? 1 - rest / yy : 0,
    ...(t !== undefined && { t }),
  }
}
