import type { Micros } from '../../../types/index.ts'
import type { PriceAnomaly } from '../analysisResults.ts'
import type { Candle } from '../results.ts'
import { spreadOf } from './robust.ts'

export interface ScoreOptions {
  /** How many candles of open hours lie between the opens of two, the second included. */
  readonly candlesBetween: (from: Micros, to: Micros) => number
  readonly window: number
  readonly threshold: number
}

/** The score of a candle; `isAnomaly` is true if it stands out. */
export interface Scored extends PriceAnomaly {
  readonly isAnomaly: boolean
}

/**
 * Scores the return of each candle against the `window` returns before it.
 *
 * r_t = ln(close_t / close_{t-1}); z_t = (r_t - k·m) / (s·√k), with m the median and s the robust standard deviation of the
 * window, and k the number of open buckets between the two closes: over a hole a price may move further, by the square root of time. Only
 * returns between adjacent buckets enter the window. Filled bars count as missing.
 */
export function score(candles: readonly Candle[], { candlesBetween, window, threshold }: ScoreOptions): Scored[] {
  const real = candles.filter(({ builtFrom, close }) => builtFrom !== 'filled' && Number(close) > 0)
  const returns: number[] = []
  const scored: Scored[] = []
  for (let i = 1; i < real.length; i++) {
    const [before, candle] = [real[i - 1] as Candle, real[i] as Candle]
    const logReturn = Math.log(Number(candle.close) / Number(before.close))
    const span = candlesBetween(before.time, candle.time)
    if (returns.length >= window)
      scored.push(scoreOne(before, candle, { logReturn, span, threshold }, Float64Array.from(returns.slice(-window))))
    if (span === 1) returns.push(logReturn)
  }
  return scored
}

interface Return {
  readonly logReturn: number
  readonly span: number
  readonly threshold: number
}

function scoreOne(before: Candle, candle: Candle, { logReturn, span, threshold }: Return, window: Float64Array): Scored {
  const { median, sigma } = spreadOf(window)
  const drift = median * span
  const deviation = sigma * Math.sqrt(span)
  const from = Number(before.close)
  const close = (move: number) => from * Math.exp(move)
  return {
    time: candle.time,
    close: candle.close,
    previousClose: before.close,
    span,
    simulated: candle.origin === 'simulated',
    logReturn,
    ...(deviation > 0 ? { score: (logReturn - drift) / deviation } : {}),
    expected: close(drift),
    lower: close(drift - threshold * deviation),
    upper: close(drift + threshold * deviation),
    isAnomaly: Math.abs(logReturn - drift) > threshold * deviation,
  }
}
