import type { Store } from '../../lib/src/base/database/index.ts'
import {
  type Instrument,
  instrument,
  type Micros,
  type Ohlcv,
  ohlcv,
  type Quote,
  quote,
  type Trade,
  trade,
} from '../../lib/src/base/types/index.ts'

const SECOND = 1_000_000
const MINUTE = 60 * SECOND

/** A listed pair of a venue, with the venue's own symbol and a price of the first trade in cents of its quote. */
interface Pair {
  readonly source: string
  readonly base: string
  readonly quote: string
  readonly symbol: string
  readonly cents: number
  readonly settle?: string
}

/** Three exchanges: the same pair at two of them, one base in three quotes, a perpetual beside its spot pair. */
export const VENUE_PAIRS: readonly Pair[] = [
  { source: 'binance', base: 'BTC', quote: 'USDT', symbol: 'BTCUSDT', cents: 6_712_300 },
  { source: 'binance', base: 'ETH', quote: 'USDT', symbol: 'ETHUSDT', cents: 351_200 },
  { source: 'binance', base: 'SOL', quote: 'USDT', symbol: 'SOLUSDT', cents: 17_120 },
  { source: 'binance', base: 'BTC', quote: 'USDT', symbol: 'BTCUSDT', cents: 6_712_900, settle: 'USDT' },
  { source: 'kraken', base: 'BTC', quote: 'USDT', symbol: 'XBTUSDT', cents: 6_712_010 },
  { source: 'kraken', base: 'BTC', quote: 'USD', symbol: 'XXBTZUSD', cents: 6_710_550 },
  { source: 'kraken', base: 'BTC', quote: 'EUR', symbol: 'XXBTZEUR', cents: 6_201_040 },
  { source: 'coinbase', base: 'BTC', quote: 'USD', symbol: 'BTC-USD', cents: 6_711_800 },
  { source: 'coinbase', base: 'ETH', quote: 'USD', symbol: 'ETH-USD', cents: 351_050 },
]

export interface VenueRecords {
  readonly instruments: readonly Instrument[]
  readonly trades: readonly Trade[]
  readonly quotes: readonly Quote[]
  readonly candles: readonly Ohlcv[]
}

export const coinIdOf = ({ base, quote: of, settle }: Pair): string => `${base}/${of}${settle === undefined ? '' : `:${settle}`}`

const exact = (cents: number): Trade['price'] => {
  const text = (cents / 100).toFixed(2)
  return text.replace(/\.?0+$/, '') as Trade['price']
}

/**
 * Records as exchanges give them: `minutes` closed 1m candles up to the minute of `now`, a trade each second of the last two minutes,
 * a quote each second of the last. No record of the type price.
 */
export function venueRecords(now: Micros, pairs: readonly Pair[] = VENUE_PAIRS, minutes = 120): VenueRecords {
  const minute = Math.floor(now / MINUTE) * MINUTE
  const of = (pair: Pair) => ({ coinId: coinIdOf(pair), source: pair.source, origin: 'live' as const })
  const moved = ({ cents }: Pair, at: number) => cents + Math.round(cents * 0.0005 * Math.sin(at / 7))
  return {
    instruments: pairs.map((pair) => ({
      ...of(pair),
      time: minute - MINUTE,
      receivedAt: minute,
      kind: 'pair' as const,
      symbol: pair.symbol,
      name: `${pair.base}/${pair.quote}`,
      exchange: pair.source,
      base: pair.base,
      quote: pair.quote,
      tickSize: '0.01' as Trade['price'],
      lotSize: '0.00001' as Trade['price'],
      active: true,
    })),
    candles: pairs.flatMap((pair) =>
      Array.from({ length: minutes }, (_, i) => {
        const time = minute - (minutes - i) * MINUTE
        const [open, close] = [moved(pair, i), moved(pair, i + 1)]
        return {
          ...of(pair),
          time,
          receivedAt: time + MINUTE + 40_000,
          currency: pair.quote,
          timeframe: '1m' as const,
          open: exact(open),
          high: exact(Math.max(open, close) + 12),
          low: exact(Math.min(open, close) - 9),
          close: exact(close),
          volume: `${3 + (i % 5)}.25` as Trade['price'],
          tradeCount: 60,
          isFinal: true,
          builtFrom: 'provider' as const,
        }
      }),
    ),
    trades: pairs.flatMap((pair, at) =>
      Array.from({ length: 120 }, (_, i) => {
        const time = now - (119 - i) * SECOND
        const sequence = 1_000_000 * (at + 1) + i
        return {
          ...of(pair),
          time,
          receivedAt: time + 30_000,
          currency: pair.quote,
          tradeId: String(sequence),
          side: i % 2 === 0 ? ('buy' as const) : ('sell' as const),
          price: exact(moved(pair, minutes + i / 60)),
          amount: `0.0${(i % 9) + 1}` as Trade['price'],
          sequence,
        }
      }),
    ),
    quotes: pairs.flatMap((pair) =>
      Array.from({ length: 60 }, (_, i) => {
        const time = now - (59 - i) * SECOND
        const middle = moved(pair, minutes + 1 + i / 60)
        return {
          ...of(pair),
          time,
          receivedAt: time + 30_000,
          currency: pair.quote,
          sequence: i,
          bid: exact(middle - 5),
          bidSize: '1.5' as Trade['price'],
          ask: exact(middle + 5),
          askSize: '0.75' as Trade['price'],
        }
      }),
    ),
  }
}

/** Stores {@link venueRecords}. @throws Error if a record is refused */
export async function storeVenues(store: Store, records: VenueRecords): Promise<void> {
  const { timescale } = store
  const results = [
    await timescale.upsert(instrument, records.instruments),
    await timescale.upsert(ohlcv, records.candles),
    await timescale.upsert(trade, records.trades),
    await timescale.upsert(quote, records.quotes),
  ]
  const failed = results.flatMap((one) => one.failed)
  if (failed.length > 0) throw new Error(`${failed.length} records of venues were refused: ${JSON.stringify(failed[0])}`)
}
