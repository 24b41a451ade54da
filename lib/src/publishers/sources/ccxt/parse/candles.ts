import {
  candleOpen,
  type ExactJson,
  formatTime,
  type Micros,
  type Ohlcv,
  ohlcv,
  QiError,
  type Timeframe,
  timeframeMicros,
} from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import type { CcxtCandle, CcxtMarket } from '../library.ts'
import { figureOf, optionalFigure, timeOf } from './figures.ts'

/**
 * The candles of an answer of fetchOHLCV, oldest first. ccxt does not say which are closed: one is if it ended by `askedAt`.
 * @param askedAt a time at which the answer had not been made yet
 */
export function parseCandles(
  candles: readonly CcxtCandle[],
  { symbol, quote = '' }: CcxtMarket,
  timeframe: Timeframe,
  askedAt: Micros,
  seen: Seen,
): Parsed<Ohlcv> {
  const out = new Collector<Ohlcv>(ohlcv)
  const length = timeframeMicros(timeframe)
  for (const [i, row] of candles.entries())
    out.add(String(i), row as ExactJson, () => {
      const time = timeOf(row[0], 'time')
      if (candleOpen(time, timeframe) !== time)
        throw new QiError('BAD_DATA', `the candle opens at ${formatTime(time)}, where no ${timeframe} of UTC does`)
      const volume = optionalFigure(row[5], 'volume')
      return {
        ...seen,
        coinId: symbol,
        currency: quote,
        time,
        timeframe,
        open: figureOf(row[1], 'open'),
        high: figureOf(row[2], 'high'),
        low: figureOf(row[3], 'low'),
        close: figureOf(row[4], 'close'),
        ...(volume !== undefined && { volume }),
        isFinal: time + length <= askedAt,
        builtFrom: 'provider',
      }
    })
  return out.done((a, b) => a.time - b.time)
}
