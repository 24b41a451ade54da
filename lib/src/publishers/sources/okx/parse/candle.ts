import { type Micros, type Ohlcv, QiError, type Timeframe } from '../../../../base/types/index.ts'
import { figure, type Listed, millis } from '../../../venue/index.ts'
import { unitsOf } from './trade.ts'

/** The record of a row: open time, open, high, low, close, volume, two volumes in currencies, and `1` if it is final. @throws QiError BAD_DATA */
export function candleOf(
  source: string,
  listed: Listed,
  timeframe: Timeframe,
  row: readonly unknown[],
  receivedAt: Micros,
  origin: Ohlcv['origin'],
): Ohlcv {
  const [ts, open, high, low, close, volume, , , confirm] = row
  if (confirm !== '0' && confirm !== '1')
    throw new QiError('BAD_DATA', `confirm ${String(JSON.stringify(confirm)).slice(0, 40)} is neither 0 nor 1`)
  return {
    coinId: listed.coinId,
    source,
    time: millis(ts as string),
    receivedAt,
    origin,
    currency: listed.quote,
    timeframe,
    open: figure(open),
    high: figure(high),
    low: figure(low),
    close: figure(close),
    volume: unitsOf(listed, volume),
    isFinal: confirm === '1',
    builtFrom: 'provider',
  }
}
