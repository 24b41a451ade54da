import { type MarketAnalytics, type Ohlcv, type Price, QiError, type WriteOptions, type WriteResult } from '../../types/index.ts'
import type { Pool } from '../pool.ts'
import type { TimescaleClient } from '../timescale/TimescaleClient.ts'
import type { candlesQuery, currentPriceQuery, instrumentsQuery, latestPricesQuery, marketSummaryQuery } from './queries.ts'
import type { QueryInput } from './query.ts'
import type { Candles, CurrentPrice, InstrumentPage, MarketSummary, Page } from './results.ts'

/** The verbs of market data on a store. Every argument is validated: BAD_REQUEST names what is wrong. */
export class CryptoFinancialDSL {
  constructor(_pool: Pool, _timescale: TimescaleClient) {}

  /** Upserts prices; per record failures, as every sink reports them. */
  storePrices(_prices: readonly Price[], _options?: WriteOptions): Promise<WriteResult> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  storeOHLCV(_candles: readonly Ohlcv[], _options?: WriteOptions): Promise<WriteResult> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  storeMarketAnalytics(_rows: readonly MarketAnalytics[], _options?: WriteOptions): Promise<WriteResult> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  /** One row for each (source, coin, currency), ordered by coin, source and currency. */
  getLatestPrices(_query: QueryInput<typeof latestPricesQuery> = {}): Promise<Page<Price>> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  /** @throws QiError NOT_FOUND, with what might have been meant */
  getCurrentPrice(_query: QueryInput<typeof currentPriceQuery>): Promise<CurrentPrice> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  /** @throws QiError NOT_FOUND when nothing is held of the coin */
  getOHLCV(_query: QueryInput<typeof candlesQuery>): Promise<Candles> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  getMarketSummary(_query: QueryInput<typeof marketSummaryQuery> = {}): Promise<MarketSummary> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  listInstruments(_query: QueryInput<typeof instrumentsQuery> = {}): Promise<InstrumentPage> {
    throw new QiError('UNSUPPORTED', 'not yet')
  }
}
