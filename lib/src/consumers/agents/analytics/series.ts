import { type Candle, type Micros, QiError, type Series, type Store, timeframeMicros } from '../../../base/index.ts'
import type { AnalyticsSettings } from './settings.ts'
import type { Close } from './volatility.ts'

/** The closed and wholly covered candles of a coin's preferred series, oldest first. */
export interface ClosedCandles {
  readonly series: Series
  readonly candles: readonly Close[]
}

/** Undefined where nothing is held of the coin. */
export async function closedCandles(
  { dsl }: Store,
  coin: string,
  { currency, source, timeframe }: Pick<AnalyticsSettings, 'currency' | 'source' | 'timeframe'>,
  limit: number,
): Promise<ClosedCandles | undefined> {
  try {
    const { series, candles } = await dsl.getOHLCV({ coin, currency, source, timeframe, limit: limit + 1 })
    const closed = candles.filter(isClosed).map(({ time, close }) => ({ time, close: Number(close) }))
    return { series, candles: closed.slice(-limit) }
  } catch (error) {
    if (error instanceof QiError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

/** The close of a bar of which a part is not covered may not be the last price of its time. */
const isClosed = ({ isFinal, partial, flaw, close }: Candle): boolean =>
  isFinal && !partial && flaw === undefined && Number(close) > 0

/** The first moment at which none of the next candle is included. */
export const endOf = (last: Micros, timeframe: AnalyticsSettings['timeframe']): Micros => last + timeframeMicros(timeframe)
