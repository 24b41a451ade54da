import { ALWAYS, barBefore, type Calendar, decimal, openBars, type Timeframe, timeframeMicros } from '../../../types/index.ts'
import type { Candle } from '../results.ts'

/**
 * Fills the gaps between candles with bars that repeat the last close, marked `filled`, with a volume of 0. Adds none before the
 * first candle, after the last, or while the market is closed.
 * @param candles oldest first
 * @returns the latest `limit` of all, oldest first
 */
export function fillGaps(candles: readonly Candle[], timeframe: Timeframe, limit: number, calendar: Calendar = ALWAYS): Candle[] {
  const length = timeframeMicros(timeframe)
  const newestFirst: Candle[] = []
  // From the newest back: a gap may hold more bars than `limit`.
  for (let i = candles.length - 1; i >= 0 && newestFirst.length < limit; i--) {
    const candle = candles[i] as Candle
    const next = candles[i + 1]
    if (next) {
      const first = barBefore(calendar, timeframe, candle.time) + length
      const last = barBefore(calendar, timeframe, next.time - 1)
      const open = last < first ? [] : openBars(calendar, timeframe, [{ from: first, to: last + length }])
      for (const span of open.reverse())
        for (let time = span.to - length; time >= span.from && newestFirst.length < limit; time -= length)
          newestFirst.push(repeated(candle, timeframe, time))
    }
    if (newestFirst.length < limit) newestFirst.push(candle)
  }
  return newestFirst.reverse()
}

function repeated({ coinId, source, currency, origin, receivedAt, close }: Candle, timeframe: Timeframe, time: number): Candle {
  return {
    coinId,
    source,
    time,
    receivedAt,
    origin,
    currency,
    timeframe,
    open: close,
    high: close,
    low: close,
    close,
    volume: decimal('0'),
    tradeCount: 0,
    isFinal: true,
    builtFrom: 'filled',
    covered: 0,
    partial: true,
  }
}
