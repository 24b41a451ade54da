import {
  type MarketAnalytics,
  marketAnalytics,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type WriteOptions,
  type WriteResult,
} from '../../types/index.ts'
import type { ConnectOptions, Pool } from '../pool.ts'
import { Reader } from '../reader.ts'
import type { BulkWrites } from '../upsert/BulkWriter.ts'
import { candles, candlesJson } from './candles.ts'
import { currentPrice } from './currentPrice.ts'
import { listInstruments } from './instruments.ts'
import { latestPrices } from './latest.ts'
import { candlesQuery, currentPriceQuery, instrumentsQuery, latestPricesQuery, marketSummaryQuery } from './queries.ts'
import { checkQuery, type QueryInput } from './query.ts'
import type { Candles, CandlesJson, CurrentPrice, InstrumentPage, MarketSummary, Page } from './results.ts'
import { marketSummary } from './summary.ts'

/**
 * The verbs of market data on a store. Results are records: decimals as exact text, times in microseconds. Every argument is
 * validated: BAD_REQUEST names what is wrong.
 */
export class CryptoFinancialDSL {
  readonly #reader: Reader
  readonly #writes: BulkWrites

  constructor(pool: Pool, writes: BulkWrites, connect: ConnectOptions = {}) {
    this.#reader = new Reader(pool, connect)
    this.#writes = writes
  }

  /** Upserts prices; failures are told per record, as every sink does. */
  storePrices(prices: readonly Price[], options?: WriteOptions): Promise<WriteResult> {
    return this.#writes.upsert(price, prices, options)
  }

  storeOHLCV(bars: readonly Ohlcv[], options?: WriteOptions): Promise<WriteResult> {
    return this.#writes.upsert(ohlcv, bars, options)
  }

  storeMarketAnalytics(rows: readonly MarketAnalytics[], options?: WriteOptions): Promise<WriteResult> {
    return this.#writes.upsert(marketAnalytics, rows, options)
  }

  /**
   * One row for each (source, coin, currency), ordered by coin, source and currency. Simulated rows are left out where a real
   * one of the same coin is among those asked for.
   */
  async getLatestPrices(query: QueryInput<typeof latestPricesQuery> = {}): Promise<Page<Price>> {
    return latestPrices(this.#reader, checkQuery(latestPricesQuery, query))
  }

  /**
   * The price of the preferred series (real before simulated, then the most recent data), beside those of the others.
   * @throws QiError NOT_FOUND, saying what might have been meant
   */
  async getCurrentPrice(query: QueryInput<typeof currentPriceQuery>): Promise<CurrentPrice> {
    return currentPrice(this.#reader, checkQuery(currentPriceQuery, query))
  }

  /**
   * The latest candles of the range, oldest first, of one series; the others are listed beside. Each candle says what it was
   * made of and from which bars.
   * @throws QiError NOT_FOUND when nothing is held of the coin
   */
  async getOHLCV(query: QueryInput<typeof candlesQuery>): Promise<Candles> {
    return candles(this.#reader, checkQuery(candlesQuery, query))
  }

  /** What {@link getOHLCV} gives, its candles as JSON in wire naming, for those who pass them on: several times as quick. */
  async getOHLCVJson(query: QueryInput<typeof candlesQuery>): Promise<CandlesJson> {
    return candlesJson(this.#reader, checkQuery(candlesQuery, query))
  }

  async getMarketSummary(query: QueryInput<typeof marketSummaryQuery> = {}): Promise<MarketSummary> {
    return marketSummary(this.#reader, checkQuery(marketSummaryQuery, query))
  }

  /** What the sources list, a page at a time; the best matches of a search first. */
  async listInstruments(query: QueryInput<typeof instrumentsQuery> = {}): Promise<InstrumentPage> {
    return listInstruments(this.#reader, checkQuery(instrumentsQuery, query))
  }
}
