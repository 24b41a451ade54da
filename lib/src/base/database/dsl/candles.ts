import { formatTime, type Micros, nowMicros, ohlcv } from '../../types/index.ts'
import type { Reader } from '../reader.ts'
import { boundText } from './bars.ts'
import { barsJson } from './barsJson.ts'
import { bucketOf } from './bucket.ts'
import { fillGaps } from './fillGaps.ts'
import { fill, WHOLE } from './gather.ts'
import { type Held, type HeldSeries, heldOf } from './held.ts'
import { coinNotFound } from './notFound.ts'
import { dropOldest, linesOf, opensOf, readBars } from './packedBars.ts'
import type { candlesQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { Candle, Candles, CandlesJson, Series } from './results.ts'

type CandlesQuery = Omit<QueryOf<typeof candlesQuery>, 'fill'> & { readonly fill?: boolean }

/**
 * Candles of the preferred series. A closed bar of that timeframe is served as its source gave it; every other candle is built, each
 * part of it from the best there is: finer bars, else trades, else prices. Where stored bars fill the range it is one statement.
 */
export async function candles(reader: Reader, query: CandlesQuery): Promise<Candles> {
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

/** The same, the candles as JSON of their wire form: stored bars are text from the database to the socket. */
export async function candlesJson(reader: Reader, query: CandlesQuery): Promise<CandlesJson> {
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

/** The stored bars that are served, when they open, and the candles built beside them; together the latest `limit`. */
async function find(reader: Reader, query: CandlesQuery) {
  const { coin, source, currency, timeframe, from, limit } = query
  // A minute into the future, so that the candle of this moment is in although the server's clock is a little ahead.
  const to = query.to ?? nowMicros() + 60_000_000
  const held = await heldOf(reader, { coin, source, currency, timeframe, from: boundText(from), to: formatTime(to), limit })
  const chosen = await chosenOf(reader, held, query)
  const opens = opensOf(held.bars, timeframe)
  const filled = await fill(reader, chosen, bucketOf(timeframe), { from, to, limit }, opens)
  const built = filled.map(({ pieces: _, ...candle }): Candle => ({ ...candle, timeframe })).sort((a, b) => a.time - b.time)
  // What was built may be newer than the oldest stored bars, which then are too many.
  const all = built.length === 0 ? [] : [...opens, ...built.map(({ time }) => time)].sort((a, b) => b - a)
  const first = all[limit - 1] ?? Number.NEGATIVE_INFINITY
  const before = built.length === 0 ? 0 : opens.filter((open) => open < first).length
  return {
    series: toSeries(chosen),
    timeframe,
    stored: before === 0 ? held.bars : dropOldest(held.bars, before),
    opens: opens.slice(before),
    built: built.filter(({ time }) => time >= first),
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
  throw await coinNotFound(reader, { coin, source, currency }, 'candle, no trade and no price')
}

export const toSeries = ({ coinId, source, currency, simulated, latest }: HeldSeries): Series => ({
  coinId,
  source,
  currency,
  simulated,
  latest,
})
