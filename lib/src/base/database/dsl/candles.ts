import { formatTime, nowMicros, type Ohlcv } from '../../types/index.ts'
import type { Reader } from '../reader.ts'
import { boundText } from './bars.ts'
import { bucketOf } from './bucket.ts'
import { fill } from './gather.ts'
import { type Held, type HeldSeries, heldOf } from './held.ts'
import { coinNotFound } from './notFound.ts'
import type { candlesQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { Candle, Candles, Series } from './results.ts'

type CandlesQuery = QueryOf<typeof candlesQuery>

/**
 * Candles of the preferred series. Each bucket is served from the stored bar of that timeframe where there is one, else
 * rolled up from finer bars, else built from trades, else from prices. Where stored bars fill the range it is one statement.
 */
export async function candles(reader: Reader, query: CandlesQuery): Promise<Candles> {
  const { coin, source, currency, timeframe, from, limit } = query
  // A minute into the future, so that the candle of this moment is in although the server's clock is a little ahead.
  const to = query.to ?? nowMicros() + 60_000_000
  const held = await heldOf(reader, { coin, source, currency, timeframe, from: boundText(from), to: formatTime(to), limit })
  const chosen = await chosenOf(reader, held, query)
  const stored: readonly Ohlcv[] = held.bars
  const filled = await fill(reader, chosen, bucketOf(timeframe), { from, to, limit }, new Set(stored.map(({ time }) => time)))
  const more = filled.map(({ pieces: _, ...candle }): Candle => ({ ...candle, timeframe }))
  return {
    series: toSeries(chosen),
    timeframe,
    candles: [...stored, ...more].sort((a, b) => a.time - b.time).slice(-limit),
    otherSeries: held.all.filter((other) => other !== chosen).map(toSeries),
  }
}

/** @throws QiError NOT_FOUND */
export async function chosenOf(
  reader: Reader,
  held: Held,
  { coin, source, currency }: Pick<CandlesQuery, 'coin' | 'source' | 'currency'>,
): Promise<HeldSeries> {
  if (held.chosen) return held.chosen
  throw await coinNotFound(reader, [coin, source, currency].filter(Boolean).join(' '), 'candle, no trade and no price')
}

export const toSeries = ({ coinId, source, currency, simulated, latest }: HeldSeries): Series => ({
  coinId,
  source,
  currency,
  simulated,
  latest,
})
