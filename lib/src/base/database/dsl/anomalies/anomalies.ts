import { type Calendar, type Micros, openBars, type Timeframe, timeframeMicros } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import type { PriceAnomalies, PriceAnomaly } from '../analysisResults.ts'
import { candles } from '../candles/candles.ts'
import type { anomaliesQuery } from '../query/analysisQueries.ts'
import type { QueryOf } from '../query/query.ts'
import { type Scored, score } from './score.ts'

/** Extra candles to read, since returns over holes do not enter the window. */
const SPARE = 1.5

/** The candles of a range whose return stands out from the returns before it; candles before the range fill the window. */
export async function priceAnomalies(reader: RowReader, query: QueryOf<typeof anomaliesQuery>): Promise<PriceAnomalies> {
  const { coin, source, currency, timeframe, window, threshold, from, to, limit } = query
  const wanted = Math.ceil((window + 2) * SPARE)
  const of = { coin, source, currency, timeframe }
  const asked = await candles(reader, { ...of, from, to, limit: from === undefined ? limit + wanted : limit })
  const { series } = asked
  const begin = (from === undefined ? (asked.candles.at(-limit) ?? asked.candles[0]) : asked.candles[0])?.time
  const before = { ...of, source: series.source, currency: series.currency, from: undefined, to: begin, limit: wanted }
  const older = from === undefined || begin === undefined ? [] : (await candles(reader, before)).candles
  const found = [...older, ...asked.candles]
  // Closed partial candles are left out; the latest candle stays although it is open, since its close is the current price.
  const all = found.filter(({ isFinal, partial, flaw }) => !(isFinal && partial) && flaw === undefined)
  const between = candlesBetween(await reader.calendarOf(series), timeframe)
  const scored = score(all, { candlesBetween: between, window, threshold })
  const examined = scored.filter(({ time }) => begin !== undefined && time >= begin)
  return {
    series,
    timeframe,
    window,
    threshold,
    examined: examined.length,
    partial: found.length - all.length,
    missing: examined.length > 0 ? 0 : Math.max(1, window + 2 - all.length),
    anomalies: examined.filter(({ isAnomaly }) => isAnomaly).map(withoutMark),
  }
}

/** Counts candles of open hours: a night or a weekend is no hole. A candle outside of open hours counts as one. */
function candlesBetween(calendar: Calendar, timeframe: Timeframe): (from: Micros, to: Micros) => number {
  const length = timeframeMicros(timeframe)
  return (from, to) => {
    const open = openBars(calendar, timeframe, [{ from, to }]).reduce((sum, span) => sum + span.to - span.from, 0)
    return Math.max(1, Math.round(open / length))
  }
}

const withoutMark = ({ isAnomaly: _, ...anomaly }: Scored): PriceAnomaly => anomaly
