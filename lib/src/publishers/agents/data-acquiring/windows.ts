import type { OhlcDays } from '../../sources/coingecko/index.ts'

export const TIMEFRAMES = ['30m', '1h', '4h', '1d', '4d'] as const
export type WatchedTimeframe = (typeof TIMEFRAMES)[number]

/** How far back candles of a length are given by one call. */
const WINDOWS: Readonly<Record<WatchedTimeframe, readonly Exclude<OhlcDays, 'max'>[]>> = {
  '30m': ['1'],
  '1h': ['1', '7', '14', '30', '90'],
  '4h': ['7', '14', '30'],
  '1d': ['7', '14', '30', '90', '180'],
  '4d': ['90', '180', '365'],
}
const DAY_MS = 86_400_000

/** What a call gives is twice as long as the time until the next: one that fails leaves no hole. */
export const longestAge = (timeframe: WatchedTimeframe): number => (Number(WINDOWS[timeframe].at(-1)) * DAY_MS) / 2

/** How a call asks for candles of a length that are read again within this time. */
export function ohlcCall(timeframe: WatchedTimeframe, maxAgeMs: number) {
  const fitting = WINDOWS[timeframe].find((days) => (Number(days) * DAY_MS) / 2 >= maxAgeMs)
  const interval = ({ '1h': 'hourly', '1d': 'daily' } as const)[timeframe as '1h' | '1d']
  return { days: fitting ?? (WINDOWS[timeframe].at(-1) as OhlcDays), ...(interval && { interval }) }
}
