import type { OhlcDays } from '../../sources/coingecko/index.ts'

export const TIMEFRAMES = ['30m', '1h', '4h', '1d', '4d'] as const
export type WatchedTimeframe = (typeof TIMEFRAMES)[number]

/** Days that one call can give, by candle length. */
const WINDOWS: Readonly<Record<WatchedTimeframe, readonly Exclude<OhlcDays, 'max'>[]>> = {
  '30m': ['1'],
  '1h': ['1', '7', '14', '30', '90'],
  '4h': ['7', '14', '30'],
  '1d': ['7', '14', '30', '90', '180'],
  '4d': ['90', '180', '365'],
}
const DAY_MS = 86_400_000

/** Longest age of candles: half of what a call gives, so that one failed call leaves no gap. */
export const longestAge = (timeframe: WatchedTimeframe): number => (Number(WINDOWS[timeframe].at(-1)) * DAY_MS) / 2

/** Parameters of a call for candles that are fetched again within `maxAgeMs`. */
export function ohlcCall(timeframe: WatchedTimeframe, maxAgeMs: number) {
  const fitting = WINDOWS[timeframe].find((days) => (Number(days) * DAY_MS) / 2 >= maxAgeMs)
  const interval = ({ '1h': 'hourly', '1d': 'daily' } as const)[timeframe as '1h' | '1d']
  return { days: fitting ?? (WINDOWS[timeframe].at(-1) as OhlcDays), ...(interval && { interval }) }
}
