import type { Timeframe } from '../../../base/types/index.ts'

/** OKX's names of the lengths of candles. Without `utc` the longer ones open at midnight of Hong Kong. */
export const BARS: Readonly<Partial<Record<Timeframe, string>>> = {
  '1m': '1m',
  '3m': '3m',
  '5m': '5m',
  '15m': '15m',
  '30m': '30m',
  '1h': '1H',
  '2h': '2H',
  '4h': '4H',
  '6h': '6Hutc',
  '12h': '12Hutc',
  '1d': '1Dutc',
  '1w': '1Wutc',
}

const TIMEFRAME_OF: ReadonlyMap<string, Timeframe> = new Map(
  Object.entries(BARS).map(([timeframe, bar]) => [bar, timeframe as Timeframe]),
)

/** @param bar such as `6Hutc`; undefined for one that is not taken */
export const timeframeOf = (bar: string): Timeframe | undefined => TIMEFRAME_OF.get(bar)
