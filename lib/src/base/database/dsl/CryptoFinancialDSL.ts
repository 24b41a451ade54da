import {
  type ArrivalOrder,
  type MarketAnalytics,
  marketAnalytics,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type RecordType,
  type RecordValues,
  type Trade,
  trade,
  type WriteOptions,
  type WriteResult,
} from '../../types/index.ts'
import type { Pool } from '../connections/pool.ts'
import type { BulkWrites } from '../upsert/BulkWriter.ts'
import { type FinancialOptions, MarketReads } from './MarketReads.ts'

/** The verbs of market data on a store: all that read ({@link MarketReads}), and those that store records without the stream. */
export class CryptoFinancialDSL extends MarketReads {
  readonly #writes: BulkWrites
  readonly #arrivals: ArrivalOrder

  /** @param arrivals keeps the order of arrival of records without a sequence */
  constructor(pool: Pool, writes: BulkWrites, arrivals: ArrivalOrder, options: FinancialOptions = {}) {
    super(pool, options)
    this.#writes = writes
    this.#arrivals = arrivals
  }

  /**
   * Upserts records of any type, without the stream. Records of a type that is ordered by arrival keep the given order.
   * @returns how many were written, and each refused record with its index and error, such as one from the future by the database's
   *   clock
   * @throws QiError retryable if the database is away: repeat the call, nothing is stored twice
   */
  store<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult> {
    const stamped = type.ordersByArrival ? records.map((record) => this.#arrivals.stamp(type, record)) : records
    return this.#writes.upsert(type, stamped, options)
  }

  /** {@link store} for prices. */
  storePrices(prices: readonly Price[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(price, prices, options)
  }

  /** {@link store} for candles. */
  storeOHLCV(bars: readonly Ohlcv[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(ohlcv, bars, options)
  }

  /** {@link store} for trades. Trades without a sequence keep the given order. */
  storeTrades(trades: readonly Trade[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(trade, trades, options)
  }

  /** {@link store} for figures of the whole market. */
  storeMarketAnalytics(rows: readonly MarketAnalytics[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(marketAnalytics, rows, options)
  }
}
