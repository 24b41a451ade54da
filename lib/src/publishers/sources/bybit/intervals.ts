import type { Timeframe } from '../../../base/types/index.ts'

/** Bybit's names of the lengths of candles. */
export const INTERVALS: Readonly<Partial<Record<Timeframe, string>>> = {
  '1m': '1',
  '3m': '3',
  '5m': '5',
  '15m': '15',
  '30m': '30',
  '1h': '60',
  '2h': '120',
  '4h': '240',
  '6h': '360',
  '12h': '720',
  '1d': 'D',
  '1w': 'W',
}

const TIMEFRAME_OF: ReadonlyMap<string, Timeframe> = new Map(
  Object.entries(INTERVALS).map(([timeframe, interval]) => [interval, timeframe as Timeframe]),
)

/** @param interval such as `60`; undefined for one that is not taken */
export const timeframeOf = (interval: string): Timeframe | undefined => TIMEFRAME_OF.get(interval)
