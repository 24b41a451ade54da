import { type Micros, QiError, type Timeframe } from '../../../base/types/index.ts'

/** Twelve Data's names of the lengths of bars. Its months have no fixed length. */
const INTERVALS: Partial<Record<Timeframe, string>> = {
  '1m': '1min',
  '5m': '5min',
  '15m': '15min',
  '30m': '30min',
  '45m': '45min',
  '1h': '1h',
  '2h': '2h',
  '4h': '4h',
  '8h': '8h',
  '1d': '1day',
  '1w': '1week',
}

export const TWELVEDATA_TIMEFRAMES = [
  '1m',
  '5m',
  '15m',
  '30m',
  '45m',
  '1h',
  '2h',
  '4h',
  '8h',
  '1d',
  '1w',
] as const satisfies readonly Timeframe[]

/** @throws QiError UNSUPPORTED naming those that there are */
export function intervalOf(timeframe: Timeframe): string {
  const interval = INTERVALS[timeframe]
  if (interval !== undefined) return interval
  throw new QiError('UNSUPPORTED', `Twelve Data has no candles of ${timeframe}; there are ${TWELVEDATA_TIMEFRAMES.join(', ')}`, {
    field: 'timeframe',
  })
}

/** True if bars are named by a date: a session or a week. */
export const isDated = (timeframe: Timeframe): boolean => timeframe === '1d' || timeframe === '1w'

/** The form of a time in a request, in UTC: a date, or a date and a time of whole seconds. */
export const stampOf = (time: Micros, timeframe: Timeframe): string =>
  new Date(time / 1000).toISOString().slice(0, isDated(timeframe) ? 10 : 19)
