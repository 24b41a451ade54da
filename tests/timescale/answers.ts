import type { CryptoFinancialDSL, Store } from '../../lib/src/base/database/index.ts'
import { instrument, type Micros, marketAnalytics, ohlcv, price, TIMEFRAMES, trade } from '../../lib/src/base/types/index.ts'
import { DAY, HOUR, type Records } from './market.ts'

export async function write({ timescale }: Store, records: Partial<Records>): Promise<void> {
  await timescale.upsert(trade, records.trades ?? [])
  await timescale.upsert(price, records.prices ?? [])
  await timescale.upsert(ohlcv, records.bars ?? [])
  await timescale.upsert(marketAnalytics, records.analytics ?? [])
  await timescale.upsert(instrument, records.instruments ?? [])
}

const BUCKETS = ['10m', '90m', '6h', '2d', '1w', '30d'] as const
const SERIES = [
  { coin: 'traded' },
  { coin: 'priced' },
  { coin: 'priced', currency: 'eur' },
  { coin: 'priced', source: 'simulated' },
  { coin: 'barred' },
] as const

type Verb = Exclude<keyof CryptoFinancialDSL, `store${string}`>
type Question = readonly [verb: Verb, query: object]

/** Answers by question, so that a difference is easy to place. Sequential, since the questions compete for the store's connections. */
async function allOf({ dsl }: Store, questions: readonly Question[]): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const [verb, query] of questions)
    found[`${verb} ${JSON.stringify(query)}`] = timeless(
      await (dsl[verb] as (query: object) => Promise<unknown>).call(dsl, query),
    )
  return found
}

interface Answer {
  readonly candles?: readonly { readonly isFinal?: boolean; readonly is_final?: boolean; readonly covered?: number }[] | string
}

/** Removes `covered` of open candles, which changes with the clock. */
function timeless(answer: unknown): unknown {
  const { candles } = answer as Answer
  if (candles === undefined) return answer
  const all = typeof candles === 'string' ? (JSON.parse(candles) as Exclude<Answer['candles'], string | undefined>) : candles
  return {
    ...(answer as object),
    candles: all.map(({ covered, ...rest }) => (rest.isFinal === false || rest.is_final === false ? rest : { ...rest, covered })),
  }
}

/** Candles of every length built from bars, whole and partial. */
export function candles(store: Store, end: Micros, from: Micros = end - 500 * DAY): Promise<Record<string, unknown>> {
  const range = { from, to: end + 1, limit: 10_000 }
  const part = { from: Math.max(from, end - 3 * DAY + 7), to: end - 5 * HOUR + 7, limit: 100, fill: true }
  return allOf(
    store,
    SERIES.flatMap((series): Question[] => [
      ...TIMEFRAMES.filter((timeframe) => timeframe !== '1s').map(
        (timeframe): Question => ['getOHLCV', { ...series, timeframe, ...range }],
      ),
      ...['1m', '15m', '1h'].map((timeframe): Question => ['getOHLCV', { ...series, timeframe, ...part }]),
      ['getOHLCVJson', { ...series, ...range, timeframe: '4h' }],
      ...BUCKETS.map((bucket): Question => ['getTimeBucketedOHLCV', { ...series, bucket, ...range }]),
    ]),
  )
}

/** Answers of every other verb, and candles built from records. */
export function answers(store: Store, end: Micros): Promise<Record<string, unknown>> {
  return allOf(store, [
    ...SERIES.flatMap((series): Question[] => [
      ['getOHLCV', { ...series, timeframe: '1s', limit: 10_000 }],
      ['getTimeBucketedOHLCV', { ...series, bucket: '90s', limit: 10_000 }],
      ['detectPriceAnomalies', { ...series, timeframe: '15m', to: end }],
    ]),
    ...(['calculateSMA', 'calculateEMA', 'calculateRSI', 'calculateMACD'] as const).map(
      (verb): Question => [verb, { coin: 'traded', to: end }],
    ),
    ...(['calculateBollingerBands', 'calculateVWAP'] as const).map((verb): Question => [verb, { coin: 'barred', to: end }]),
    ['getCurrentPrice', { coin: 'priced' }],
    ['getLatestPrices', { limit: 1000 }],
    ['getLatestPrices', { coins: ['priced', 'coin-3'], includeSimulated: true }],
    ['getMarketSummary', {}],
    ['getMarketSummary', { includeSimulated: true, movers: 50 }],
    ['listInstruments', { search: 'c3' }],
    ['getDataHealth', { from: end - 30 * DAY, to: end, limit: 200 }],
    ['getDataHealth', { coin: 'traded', from: end - 9 * DAY, to: end }],
  ])
}
