import { MICROS_PER_SECOND, type Micros } from './time.ts'

/** The lengths of candles. */
export const TIMEFRAMES = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '45m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '4d',
  '1w',
] as const
export type Timeframe = (typeof TIMEFRAMES)[number]

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

export function timeframeMicros(timeframe: Timeframe): Micros {
  const unit = timeframe.slice(-1) as keyof typeof UNIT_SECONDS
  return Number(timeframe.slice(0, -1)) * UNIT_SECONDS[unit] * MICROS_PER_SECOND
}

/** Weeks open on Monday, everything else divides or is counted from 1970-01-01. */
export const timeframeOrigin = (timeframe: Timeframe): Micros => (timeframe.endsWith('w') ? 4 * 86_400 * MICROS_PER_SECOND : 0)

/** The UTC open of the candle that a time falls in. */
export function candleOpen(time: Micros, timeframe: Timeframe): Micros {
  const length = timeframeMicros(timeframe)
  const origin = timeframeOrigin(timeframe)
  return Math.floor((time - origin) / length) * length + origin
}
