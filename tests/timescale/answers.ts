import {
  INDICATOR_NAMES,
  instrument,
  type Micros,
  marketAnalytics,
  ohlcv,
  price,
  type Store,
  TIMEFRAMES,
  trade,
} from '../../lib/src/base/index.ts'
import { DAY, HOUR, type Records } from './market.ts'

export async function write({ timescale }: Store, records: Partial<Records>): Promise<void> {
  await timescale.upsert(trade, records.trades ?? [])
  await timescale.upsert(price, records.prices ?? [])
  await timescale.upsert(ohlcv, records.bars ?? [])
  await timescale.upsert(marketAnalytics, records.analytics ?? [])
  await timescale.upsert(instrument, records.instruments ?? [])
}

const BUCKETS = ['90s', '10m', '90m', '6h', '2d', '1w', '30d'] as const
const SERIES = [
  { coin: 'traded' },
  { coin: 'priced' },
  { coin: 'priced', currency: 'eur' },
  { coin: 'priced', source: 'simulated' },
  { coin: 'barred' },
] as const

/** One after the other: the questions to one store compete for its connections. */
async function allOf(questions: readonly (() => Promise<unknown>)[]): Promise<unknown> {
  const found: unknown[] = []
  for (const ask of questions) found.push(await ask())
  return found
}

/** The candles of every length, whole and in part, built in every way. */
export async function candles({ dsl }: Store, end: Micros, from: Micros = end - 500 * DAY): Promise<unknown> {
  const range = { from, to: end + 1, limit: 10_000 }
  const part = { from: Math.max(from, end - 3 * DAY + 7), to: end - 5 * HOUR + 7, limit: 100 }
  return allOf(
    SERIES.flatMap((series) => [
      ...TIMEFRAMES.filter((timeframe) => timeframe !== '1s').map(
        (timeframe) => () => dsl.getOHLCV({ ...series, timeframe, ...range }),
      ),
      ...(['1m', '15m', '1h'] as const).map((timeframe) => () => dsl.getOHLCV({ ...series, timeframe, ...part, fill: true })),
      () => dsl.getOHLCVJson({ ...series, ...range, timeframe: '4h' }),
      ...BUCKETS.map((bucket) => () => dsl.getTimeBucketedOHLCV({ ...series, bucket, ...range })),
    ]),
  )
}

/** What every other verb says. */
export async function answers({ dsl }: Store, end: Micros): Promise<unknown> {
  return allOf([
    ...SERIES.flatMap((series) => [
      ...INDICATOR_NAMES.map((name) => () => dsl.calculateIndicator(name, { ...series, timeframe: '1h', to: end })),
      () => dsl.detectPriceAnomalies({ ...series, timeframe: '15m', to: end }),
      // Of seconds there is nothing but the records themselves.
      () => dsl.getOHLCV({ ...series, timeframe: '1s', limit: 10_000 }),
    ]),
    () => dsl.getCurrentPrice({ coin: 'priced' }),
    () => dsl.getLatestPrices({ limit: 1000 }),
    () => dsl.getLatestPrices({ coins: ['priced', 'coin-3'], includeSimulated: true }),
    () => dsl.getMarketSummary(),
    () => dsl.getMarketSummary({ includeSimulated: true, movers: 50 }),
    () => dsl.listInstruments({ search: 'c3' }),
    () => dsl.getDataHealth({ from: end - 30 * DAY, to: end, limit: 200 }),
    () => dsl.getDataHealth({ coin: 'traded', from: end - 9 * DAY, to: end }),
  ])
}
