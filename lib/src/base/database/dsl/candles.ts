import {
  decimal,
  type Micros,
  nowMicros,
  type Ohlcv,
  type Origin,
  ohlcv,
  parseTime,
  TIMEFRAMES,
  type Timeframe,
  timeframeMicros,
  timeframeOrigin,
} from '../../types/index.ts'
import { type RawRow, type Reader, readInteger } from '../reader.ts'
import { bucketsOf, fromPrices, type Range, readAll, rolledUp, type SeriesKey, storedBars } from './bars.ts'
import { coinNotFound } from './notFound.ts'
import type { candlesQuery } from './queries.ts'
import type { QueryOf } from './query.ts'
import type { Candle, Candles, Series } from './results.ts'
import { type HeldSeries, heldSeries } from './series.ts'

/**
 * Candles of the preferred series. Each bucket is served from the stored bar of that timeframe where there is one, else
 * rolled up from finer bars (those that cover most of it; the coarser at a draw), else built from prices.
 */
export async function candles(reader: Reader, query: QueryOf<typeof candlesQuery>): Promise<Candles> {
  const all = await heldSeries(reader, query.coin)
  const matching = all.filter(
    ({ source, currency }) => (query.source ?? source) === source && (query.currency ?? currency) === currency,
  )
  const [held] = matching
  if (!held)
    throw await coinNotFound(reader, [query.coin, query.source, query.currency].filter(Boolean).join(' '), 'candle and no price')
  // A minute into the future, so that the candle of this moment is in although the server's clock is a little ahead.
  const to = query.to ?? nowMicros() + 60_000_000
  const found = await gather(reader, held, query.timeframe, { from: query.from, to, limit: query.limit })
  return {
    series: toSeries(held),
    timeframe: query.timeframe,
    candles: [...found.values()].sort((a, b) => a.time - b.time).slice(-query.limit),
    otherSeries: all.filter((other) => other !== held).map(toSeries),
  }
}

const toSeries = ({ coinId, source, currency, simulated, latest }: HeldSeries): Series => ({
  coinId,
  source,
  currency,
  simulated,
  latest,
})

async function gather(reader: Reader, held: HeldSeries, timeframe: Timeframe, range: Range): Promise<Map<Micros, Candle>> {
  const found = new Map<Micros, Candle>()
  if (held.timeframes.includes(timeframe))
    for (const bar of await reader.records<Ohlcv>(ohlcv, storedBars(held, timeframe, range))) found.set(bar.time, bar)
  const finer = finerTimeframes(timeframe).filter((one) => held.timeframes.includes(one))
  const kept = (buckets: Iterable<Micros>) => latestOf(buckets, range.limit)
  // A bucket that opens before `from` is not asked for, even if it holds later rows.
  const inRange = (rows: readonly RawRow[]) =>
    rows.map((row) => parseTime(row.open as string)).filter((open) => open >= (range.from ?? open))
  const walks = await readAll(
    reader,
    [...finer, ...(held.hasPrices ? [undefined] : [])].map((one) => bucketsOf(held, timeframe, one, range)),
  )
  const opens = walks.map(inRange)
  const wanted = kept([...found.keys(), ...opens.flat()])
  for (const [i, one] of finer.entries()) {
    const buckets = (opens[i] as Micros[]).filter((open) => wanted.has(open) && !isComplete(found.get(open)))
    if (buckets.length > 0) await addRollups(reader, held, timeframe, one, buckets, found)
  }
  const unfilled = (opens[finer.length] ?? []).filter((open) => wanted.has(open) && !found.has(open))
  if (unfilled.length > 0)
    for (const row of await reader.rows(fromPrices(held, timeframe, unfilled))) {
      const candle = built(held, timeframe, row, { bars: 0, from: undefined })
      found.set(candle.time, candle)
    }
  return found
}

/** How many microseconds of a bucket its finer bars cover; a stored bar covers all. */
const covered = new WeakMap<Candle, Micros>()
const isComplete = (candle: Candle | undefined): boolean =>
  candle !== undefined && (covered.get(candle) ?? Number.POSITIVE_INFINITY) >= timeframeMicros(candle.timeframe)

async function addRollups(
  reader: Reader,
  key: SeriesKey,
  timeframe: Timeframe,
  from: Timeframe,
  buckets: readonly Micros[],
  found: Map<Micros, Candle>,
): Promise<void> {
  for (const row of await reader.rows(rolledUp(key, timeframe, from, buckets))) {
    const bars = readInteger(row.bars as string)
    const candle = built(key, timeframe, row, { bars, from })
    covered.set(candle, bars * timeframeMicros(from))
    const other = found.get(candle.time)
    if (!other || (covered.get(other) ?? Number.POSITIVE_INFINITY) < bars * timeframeMicros(from)) found.set(candle.time, candle)
  }
}

/** Lengths that fill the wanted one without a remainder, the coarsest first. */
export function finerTimeframes(timeframe: Timeframe): readonly Timeframe[] {
  const length = timeframeMicros(timeframe)
  const fits = (one: Timeframe) =>
    timeframeMicros(one) < length &&
    length % timeframeMicros(one) === 0 &&
    (timeframeOrigin(timeframe) - timeframeOrigin(one)) % timeframeMicros(one) === 0
  return TIMEFRAMES.filter(fits).toSorted((a, b) => timeframeMicros(b) - timeframeMicros(a))
}

function built(
  key: SeriesKey,
  timeframe: Timeframe,
  row: RawRow,
  { bars, from }: { bars: number; from: Timeframe | undefined },
): Candle {
  const time = parseTime(row.bucket as string)
  const length = timeframeMicros(timeframe)
  const over = time + length <= nowMicros()
  const text = (name: string) => row[name] as string
  return {
    coinId: key.coinId,
    source: key.source,
    time,
    receivedAt: parseTime(text('received_at')),
    origin: (row.simulated === 't' ? 'simulated' : text('origin')) as Origin,
    currency: key.currency,
    timeframe,
    open: decimal(text('open')),
    high: decimal(text('high')),
    low: decimal(text('low')),
    close: decimal(text('close')),
    ...(row.volume == null ? {} : { volume: decimal(row.volume) }),
    ...(row.trade_count == null ? {} : { tradeCount: readInteger(row.trade_count) }),
    // Of bars: when none is missing and all are final. Of prices: when no more can come.
    isFinal: over && (from === undefined || (row.final === 't' && bars * timeframeMicros(from) === length)),
    builtFrom: from === undefined ? 'prices' : 'candles',
    ...(from === undefined ? {} : { fromTimeframe: from }),
  }
}

function latestOf(buckets: Iterable<Micros>, limit: number): Set<Micros> {
  return new Set([...new Set(buckets)].sort((a, b) => b - a).slice(0, limit))
}
