import { type Micros, type Timeframe, timeframeMicros } from '../../../base/types/index.ts'

export const REGIMES = ['calm', 'usual', 'lively', 'extreme'] as const
export type Regime = (typeof REGIMES)[number]

/** Lowest ranks of the regimes after the first. */
const BEGINS = [0.2, 0.8, 0.95]

const YEAR: Micros = 365 * 86_400_000_000

/** A closed candle. */
export interface Close {
  readonly time: Micros
  readonly close: number
}

export interface VolatilityPoint {
  readonly time: Micros
  /** Standard deviation of the log returns, times the square root of the candles in a year; 0.5 is 50 % a year. */
  readonly annual: number
  /** Share of the history with lower volatility, from 0 to 1; absent while the history is too short. */
  readonly rank?: number
}

export interface VolatilityOptions {
  readonly timeframe: Timeframe
  /** Number of returns in one volatility. */
  readonly window: number
  /** Number of volatilities among which one is ranked, itself included; at least a quarter must exist. */
  readonly history: number
}

/**
 * The realised volatility at each candle and its rank among those before it.
 *
 * r_t = ln(close_t / close_{t-1}), of candles that follow one another; σ_t = the sample standard deviation of the last `window`
 * returns; annual_t = σ_t · √(candles of a year); rank_t = (#{σ < σ_t} + ½ · #{σ = σ_t}) / n over the last n ≤ `history`
 * volatilities, σ_t among them.
 */
export function volatilities(candles: readonly Close[], { timeframe, window, history }: VolatilityOptions): VolatilityPoint[] {
  const length = timeframeMicros(timeframe)
  const scale = Math.sqrt(YEAR / length)
  const returns: number[] = []
  const found: { readonly time: Micros; readonly annual: number }[] = []
  for (const [i, { time, close }] of candles.entries()) {
    const before = candles[i - 1]
    if (!before || time - before.time !== length) continue
    returns.push(Math.log(close / before.close))
    if (returns.length >= window) found.push({ time, annual: deviation(returns.slice(-window)) * scale })
  }
  const least = Math.ceil(history / 4)
  return found.map((point, i) => {
    const among = found.slice(Math.max(0, i + 1 - history), i + 1)
    if (among.length < least) return point
    const below = among.filter(({ annual }) => annual < point.annual).length
    const equal = among.filter(({ annual }) => annual === point.annual).length
    return { ...point, rank: (below + equal / 2) / among.length }
  })
}

/** calm below 0.2, usual below 0.8, lively below 0.95, else extreme. */
export const regimeOf = (rank: number): Regime => REGIMES[BEGINS.filter((begin) => rank >= begin).length] as Regime

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}
