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
import type { Pool } from '../pool.ts'
import type { BulkWrites } from '../upsert/BulkWriter.ts'
import { type FinancialOptions, MarketReads } from './MarketReads.ts'

/** The verbs of market data on a store: those that read, and those that store records. */
export class CryptoFinancialDSL extends MarketReads {
  readonly #writes: BulkWrites
  readonly #arrivals: ArrivalOrder

  /** @param arrivals keeps the order of what is stored here */
  constructor(pool: Pool, writes: BulkWrites, arrivals: ArrivalOrder, options: FinancialOptions = {}) {
    super(pool, options)
    this.#writes = writes
    this.#arrivals = arrivals
  }

  /**
   * Upserts records of any type as they arrive, without the stream. Each failure is reported per record, as every sink does: among them
   * records from the future, by the database's clock.
   */
  store<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult> {
    const stamped = type.ordersByArrival ? records.map((record) => this.#arrivals.stamp(type, record)) : records
    return this.#writes.upsert(type, stamped, options)
  }

  storePrices(prices: readonly Price[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(price, prices, options)
  }

  storeOHLCV(bars: readonly Ohlcv[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(ohlcv, bars, options)
  }

  /** Trades without a sequence keep the order in which they are given. */
  storeTrades(trades: readonly Trade[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(trade, trades, options)
  }

  storeMarketAnalytics(rows: readonly MarketAnalytics[], options?: WriteOptions): Promise<WriteResult> {
    return this.store(marketAnalytics, rows, options)
  }
}
