import { nowMicros, openTime, QiError, subtractDecimals, timeframeMicros } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { candles } from '../candles/candles.ts'
import { coinNotFound } from '../coins/notFound.ts'
import { isStoredSeries } from '../coins/stored.ts'
import { byPreference } from '../preference.ts'
import { latestPrices } from '../prices/latest.ts'
import type { QueryOf } from '../query/query.ts'
import type { Candle, LatestPrice } from '../results.ts'
import type { Series, SeriesKey } from '../series.ts'
import { LIKE_CURRENCIES } from '../spreads/best.ts'
import { idsOfAsset } from './assets.ts'
import { bpsOf, type Closes, closesOf, measure } from './measure.ts'
import type { compareQuery } from './query.ts'
import type { ComparedPair, ComparedSeries, Comparison } from './results.ts'

type Query = QueryOf<typeof compareQuery>

/** Most series that are compared: each is read whole. */
const MOST = 40

/** SQL: the series of prices, trades and candles of the coins $1 at the sources $2. */
const SERIES = `select coin_id, source, currency, bool_and(origin = 'simulated') as simulated from series as s
  where coin_id = any ($1::text[]) and ($2::text[] is null or source = any ($2)) and type in ('price', 'trade', 'ohlcv') and ${isStoredSeries('s')}
  group by 1, 2, 3 order by 1, 2, 3 limit ${MOST + 1}`

interface Found {
  readonly series: ComparedSeries
  readonly closes: Closes
}

/**
 * The price and the candles of one asset at each of its sources, each beside a reference in its currency.
 * @throws QiError NOT_FOUND if nothing is stored of it, or several coins share the ticker; BAD_REQUEST for too many series
 */
export async function compareSources(reader: RowReader, query: Query): Promise<Comparison> {
  const { coin, sources, like, timeframe, maxAge, reference } = query
  const ids = await idsOfAsset(reader, coin, like)
  const rows = await reader.rows({ text: SERIES, values: [ids, sources ?? null] })
  if (rows.length === 0) throw await coinNotFound(reader, { coin, source: sources?.join(', ') }, 'price, no trade and no candle')
  if (rows.length > MOST)
    throw new QiError('BAD_REQUEST', `coin: "${coin}" has more than ${MOST} series; name a pair, or sources`, { field: 'coin' })
  const { items } = await latestPrices(reader, {
    ...{ coins: [...ids], sources, currencies: undefined, includeSimulated: true, sort: 'coin', limit: 1000, after: undefined },
  })
  const latest = new Map(items.map((item) => [nameOf(item), item]))
  const found: Found[] = []
  for (const row of rows) {
    const key = { coinId: String(row.coin_id), source: String(row.source), currency: String(row.currency) }
    found.push(await seriesOf(reader, { ...key, simulated: row.simulated === 't' }, latest.get(nameOf(key)), query))
  }
  const real = found.filter(({ series }) => !series.simulated && series.source !== 'manual')
  const shown = (query.includeSimulated || real.length === 0 ? found : real).sort((a, b) => order(a.series, b.series))
  if (reference !== undefined && !shown.some(({ series }) => series.source === reference))
    throw new QiError(
      'NOT_FOUND',
      `reference: nothing of "${coin}" is stored from ${reference}; stored is ${[...new Set(shown.map(({ series }) => series.source))].join(', ')}`,
      { field: 'reference' },
    )
  const groups = Map.groupBy(shown, ({ series: { currency } }) => groupOf(currency, like))
  return {
    ...{ coin, timeframe, maxAge },
    series: [...groups.values()].flatMap((some) => some.map(({ series }) => series)),
    pairs: [...groups.values()].flatMap((some) => pairsOf(some, coin, reference)),
  }
}

async function seriesOf(
  reader: RowReader,
  { simulated, ...key }: Pick<Series, keyof SeriesKey | 'simulated'>,
  price: LatestPrice | undefined,
  { timeframe, from, to, limit, maxAge }: Query,
): Promise<Found> {
  const { coinId: coin, source, currency } = key
  const read = await candles(reader, { coin, source, currency, timeframe, from, to, limit })
  const closes = closesOf(read.candles)
  const newest = price ? { ...price, builtFrom: price.builtFrom ?? ('prices' as const) } : lastClose(read.candles.at(-1))
  if (!newest) return { series: { ...key, simulated, stale: true, candles: closes.size }, closes }
  const now = nowMicros()
  const ageSeconds = Math.max(0, (now - newest.time) / 1_000_000)
  const openSeconds = openTime(await reader.calendarOf(key), newest.time, now) / 1_000_000
  const { builtFrom, time } = newest
  return {
    series: {
      ...key,
      simulated,
      price: newest.price,
      builtFrom,
      time,
      ageSeconds,
      stale: openSeconds > maxAge,
      candles: closes.size,
    },
    closes,
  }
}

const lastClose = (candle: Candle | undefined) =>
  candle && {
    price: candle.close,
    time: Math.min(candle.time + timeframeMicros(candle.timeframe), nowMicros()),
    builtFrom: 'candles' as const,
  }

/** Currencies that are compared: sources write one in capitals or not. */
const groupOf = (currency: string, like: boolean): string => {
  const name = currency.toUpperCase()
  return like && LIKE_CURRENCIES.includes(name) ? (LIKE_CURRENCIES[0] as string) : name
}

const order = (a: ComparedSeries, b: ComparedSeries): number =>
  byPreference({ ...a, latest: a.time ?? 0 }, { ...b, latest: b.time ?? 0 })

/** The reference is the given source's series of the coin that was asked for, else its first, else the preferred series. */
function pairsOf(some: readonly Found[], coin: string, source: string | undefined): ComparedPair[] {
  const candidates = some.filter(({ series }) => source === undefined || series.source === source)
  const reference = (source !== undefined && candidates.find(({ series }) => series.coinId === coin)) || candidates[0]
  if (!reference) return []
  return some.filter((other) => other !== reference).map((other) => pairOf(reference, other))
}

function pairOf(reference: Found, other: Found): ComparedPair {
  const [a, b] = [reference.series, other.series]
  const fresh = !a.stale && !b.stale && a.price !== undefined && b.price !== undefined ? ([a.price, b.price] as const) : undefined
  const differenceBps = fresh && bpsOf(...fresh)
  return {
    reference: keyOf(a),
    other: keyOf(b),
    ...(fresh && { difference: subtractDecimals(fresh[1], fresh[0]) }),
    ...(differenceBps !== undefined && { differenceBps }),
    ...measure(reference.closes, other.closes),
  }
}

const keyOf = ({ coinId, source, currency }: SeriesKey): SeriesKey => ({ coinId, source, currency })
const nameOf = (key: SeriesKey): string => `${key.coinId}\n${key.source}\n${key.currency}`
