import { type Micros, nowMicros, ohlcv, type Timeframe, timeframeMicros } from '../../../../base/types/index.ts'
import type { PollCall, PollJob } from '../../shared/PollingSource.ts'
import type { CcxtMarket } from '../library.ts'
import { parseCandles } from '../parse/candles.ts'
import { followed, liveFrom, type Polling, RefusedOnce, unlessUnknown } from './polling.ts'

/** Candles of one call: the running one, the one before, and a late one; more after a pause. */
const FEWEST = 3
const MOST = 100

/** Fetches the latest candles of each symbol and timeframe. Closed ones are yielded once. */
export function candlesJob(polling: Polling, timeframes: readonly Timeframe[]): PollJob {
  const { client, settings } = polling
  const lastFinal = new Map<string, Micros>()
  const refusals = new Map<string, RefusedOnce>()

  const fetch =
    (market: CcxtMarket, timeframe: Timeframe): PollCall =>
    (signal) => {
      const { symbol } = market
      const series = `${timeframe} candles of ${symbol}`
      return unlessUnknown(polling, series, { type: ohlcv, records: [], rejected: [] }, async () => {
        const last = lastFinal.get(series)
        const since = last === undefined ? 0 : Math.ceil((nowMicros() - last) / timeframeMicros(timeframe))
        const limit = Math.min(Math.max(since + 1, FEWEST), MOST)
        const { value, askedAt, receivedAt } = await client.call(
          'candles',
          (exchange) => exchange.fetchOHLCV(symbol, timeframe, undefined, limit),
          { signal },
        )
        const refused = refusals.get(series) ?? new RefusedOnce()
        refusals.set(series, refused)
        const batch = refused.sift(parseCandles(value, market, timeframe, askedAt, liveFrom(polling, receivedAt)))
        const records = batch.records.filter(({ time }) => last === undefined || time > last)
        const closed = records.findLast(({ isFinal }) => isFinal)
        if (closed) lastFinal.set(series, closed.time)
        return { ...batch, records }
      })
    }

  return {
    name: 'candles',
    intervalMs: () => settings.every_s.candles * 1000,
    round: () => timeframes.flatMap((timeframe) => followed(polling).map((market) => fetch(market, timeframe))),
  }
}
