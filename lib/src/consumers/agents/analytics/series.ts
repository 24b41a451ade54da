import type { Candle, Series, Store } from '../../../base/database/index.ts'
import { type Micros, QiError, timeframeMicros } from '../../../base/types/index.ts'
import type { WatchedCoin } from '../../../mcp-tools/bindings/watchedCoin.ts'
import type { AnalyticsSettings } from './settings.ts'
import type { Close } from './volatility.ts'

/** The final, fully covered candles of a coin's preferred series, oldest first. */
export interface ClosedCandles {
  readonly series: Series
  readonly candles: readonly Close[]
}

/** Undefined where nothing is stored of the coin. */
export async function closedCandles(
  { dsl }: Store,
  of: WatchedCoin,
  timeframe: AnalyticsSettings['timeframe'],
  limit: number,
): Promise<ClosedCandles | undefined> {
  try {
    const { series, candles } = await dsl.getOHLCV({ ...of, timeframe, limit: limit + 1 })
    const closed = candles.filter(isClosed).map(({ time, close }) => ({ time, close: Number(close) }))
    return { series, candles: closed.slice(-limit) }
  } catch (error) {
    if (error instanceof QiError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

/** Partial bars are left out: their close may not be the last price of their time. */
const isClosed = ({ isFinal, partial, flaw, close }: Candle): boolean =>
  isFinal && !partial && flaw === undefined && Number(close) > 0

/** The end of a candle, which is the open of the next one. */
export const endOf = (last: Micros, timeframe: AnalyticsSettings['timeframe']): Micros => last + timeframeMicros(timeframe)
