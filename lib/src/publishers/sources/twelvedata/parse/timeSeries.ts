import {
  barSpan,
  closingTime,
  type ExactJson,
  type Micros,
  type Ohlcv,
  ohlcv,
  QiError,
  type Timeframe,
} from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { arrayOf, objectOf, textOf } from '../../shared/json.ts'
import { hoursOf, type Listing } from '../listing.ts'
import { intervalOf } from '../timeframes.ts'
import { figure, optionalFigure, stampTime } from './figures.ts'

export interface BarsAsked {
  readonly listing: Listing
  readonly timeframe: Timeframe
  /** A bar is final this long after its end, in microseconds: corrections come in between. */
  readonly settle: Micros
}

/** `time_series`: bars by time, oldest first. @throws QiError BAD_DATA if the answer is of another series or shape */
export function parseTimeSeries(body: ExactJson, { listing, timeframe, settle }: BarsAsked, seen: Seen): Parsed<Ohlcv> {
  const { meta, values } = objectOf(body, 'the answer')
  const { interval, symbol, currency } = objectOf(meta, 'meta')
  if (interval !== intervalOf(timeframe) || textOf(symbol, 'meta.symbol').toUpperCase() !== listing.symbol.toUpperCase())
    throw new QiError(
      'BAD_DATA',
      `the answer is of ${String(symbol).slice(0, 40)} ${String(interval).slice(0, 20)}, expected ${listing.symbol} ${intervalOf(timeframe)}`,
    )
  const calendar = hoursOf(listing)
  const out = new Collector<Ohlcv>(ohlcv)
  for (const [i, row] of arrayOf(values, 'values').entries())
    out.add(`values.${i}`, row, () => {
      const { datetime, open, high, low, close, volume } = objectOf(row, 'the bar')
      const time = stampTime(datetime, 'datetime')
      const traded = optionalFigure(volume, 'volume')
      return {
        ...seen,
        coinId: listing.coinId,
        currency: typeof currency === 'string' && currency !== '' ? currency : listing.currency,
        timeframe,
        time,
        open: figure(open, 'open'),
        high: figure(high, 'high'),
        low: figure(low, 'low'),
        close: figure(close, 'close'),
        ...(traded !== undefined && { volume: traded }),
        isFinal: closingTime(calendar, barSpan(calendar, timeframe, time)) + settle <= seen.receivedAt,
        builtFrom: 'provider',
      }
    })
  return out.done((a, b) => a.time - b.time)
}

/** `earliest_timestamp`: the time of the first bar. @throws QiError BAD_DATA */
export const parseEarliest = (body: ExactJson): Micros => stampTime(objectOf(body, 'the answer').datetime, 'datetime')
