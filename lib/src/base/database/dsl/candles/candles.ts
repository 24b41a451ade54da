import { formatTime, type Micros, nowMicros, ohlcv } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { coinNotFound } from '../coins/notFound.ts'
import type { candlesQuery } from '../query/queries.ts'
import type { QueryOf } from '../query/query.ts'
import type { Candle, Candles, CandlesJson } from '../results.ts'
import type { Series, StoredSeries } from '../series.ts'
import { barsJson } from './barsJson.ts'
import { bucketOf } from './bucket.ts'
import { WHOLE } from './completeness.ts'
import { fill } from './fill.ts'
import { fillGaps } from './fillGaps.ts'
import { dropOldest, linesOf, opensOf, readBars } from './packedBars.ts'
import { boundText } from './statements.ts'
import { type FoundSeries, findStored } from './stored.ts'

export type CandlesQuery = Omit<QueryOf<typeof candlesQuery>, 'fill'> & { readonly fill?: boolean }

/**
 * Candles of the preferred series. A closed bar of the timeframe is served as its source gave it; every other candle is built, each
 * part of it from the best material: finer bars, else trades, else prices. If stored bars fill the range, it takes one statement.
 */
export async function candles(reader: RowReader, query: CandlesQuery): Promise<Candles> {
  const { stored, built, opens: _, ...found } = await find(reader, query)
  const bars = readBars(reader.unreadable, found.series, query.timeframe, linesOf(stored)).map(
    (bar): Candle => ({ ...bar, ...WHOLE }),
  )
  const all = built.length === 0 ? bars : [...bars, ...built].sort((a, b) => a.time - b.time)
  return {
    ...found,
    candles: query.fill ? fillGaps(all, query.timeframe, query.limit, await reader.calendarOf(found.series)) : all,
  }
}

/** {@link candles} with the candles as JSON in wire naming: stored bars stay text from the database to the socket. */
export async function candlesJson(reader: RowReader, query: CandlesQuery): Promise<CandlesJson> {
  if (query.fill) {
    const whole = await candles(reader, query)
    return { ...whole, candles: `[${whole.candles.map(candleJson).join(',')}]` }
  }
  const { stored, built, opens, ...found } = await find(reader, query)
  const newest = opens.at(-1) ?? Number.NEGATIVE_INFINITY
  const bars = barsJson(reader.unreadable, found.series, query.timeframe, stored)
  if (built.length === 0) return { ...found, candles: `[${bars}]` }
  if (built.every(({ time }) => time > newest))
    return { ...found, candles: `[${[bars, ...built.map(candleJson)].filter(Boolean).join(',')}]` }
  const lines = linesOf(stored).map((line, i) => ({
    time: opens[i] as Micros,
    json: barsJson(reader.unreadable, found.series, query.timeframe, { text: line, count: 1 }),
  }))
  const all = [...lines, ...built.map((candle) => ({ time: candle.time, json: candleJson(candle) }))]
  return {
    ...found,
    candles: `[${all
      .sort((a, b) => a.time - b.time)
      .map(({ json }) => json)
      .filter(Boolean)
      .join(',')}]`,
  }
}

function candleJson(candle: Candle): string {
  const { fromTimeframe, covered, partial, flaw } = candle
  const more = { ...(fromTimeframe && { from_timeframe: fromTimeframe }), covered, partial, ...(flaw !== undefined && { flaw }) }
  return `${ohlcv.encode(candle).slice(0, -1)},${JSON.stringify(more).slice(1)}`
}

/** The stored bars that are served, their opens, and the candles built beside them; together the latest `limit`. */
async function find(reader: RowReader, query: CandlesQuery) {
  const { coin, source, currency, timeframe, from, limit } = query
  // A minute ahead, so that the candle of this moment is included even if the server's clock is ahead of ours.
  const to = query.to ?? nowMicros() + 60_000_000
  const found = await findStored(reader, { coin, source, currency, timeframe, from: boundText(from), to: formatTime(to), limit })
  const chosen = await chosenOf(reader, found, query)
  const opens = opensOf(found.bars, timeframe)
  const filled = await fill(reader, chosen, bucketOf(timeframe), { from, to, limit }, opens)
  const built = filled.map(({ pieces: _, ...candle }): Candle => ({ ...candle, timeframe })).sort((a, b) => a.time - b.time)
  // Built candles may be newer than the oldest stored bars, which then exceed the limit.
  const all = built.length === 0 ? [] : [...opens, ...built.map(({ time }) => time)].sort((a, b) => b - a)
  const first = all[limit - 1] ?? Number.NEGATIVE_INFINITY
  const before = built.length === 0 ? 0 : opens.filter((open) => open < first).length
  return {
    series: toSeries(chosen),
    timeframe,
    stored: before === 0 ? found.bars : dropOldest(found.bars, before),
    opens: opens.slice(before),
    built: built.filter(({ time }) => time >= first),
    otherSeries: found.all.filter((other) => other !== chosen).map(toSeries),
  }
}

/** The chosen series. @throws QiError NOT_FOUND if nothing is stored of the coin */
export async function chosenOf(
  reader: RowReader,
  found: FoundSeries,
  { coin, source, currency }: Pick<CandlesQuery, 'coin' | 'source' | 'currency'>,
): Promise<StoredSeries> {
  if (found.chosen) return found.chosen
  throw await coinNotFound(reader, { coin, source, currency }, 'candle, no trade and no price')
}

export const toSeries = ({ coinId, source, currency, simulated, latest }: StoredSeries): Series => ({
  coinId,
  source,
  currency,
  simulated,
  latest,
})
