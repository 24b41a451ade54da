import { type DSL, MCPWrapper, type McpCaller, verbOf } from '../../base/agent/index.ts'
import { calculateSma } from '../consumer/calculate_sma.ts'
import { compareSources } from '../consumer/compare_sources.ts'
import { correlation } from '../consumer/correlation.ts'
import { detectPriceAnomalies } from '../consumer/detect_price_anomalies.ts'
import { getCurrentPrice } from '../consumer/get_current_price.ts'
import { getDataHealth } from '../consumer/get_data_health.ts'
import { getLatestPrices } from '../consumer/get_latest_prices.ts'
import { getMarketSummary } from '../consumer/get_market_summary.ts'
import { getOhlcvData } from '../consumer/get_ohlcv_data.ts'
import { getOrderBook } from '../consumer/get_order_book.ts'
import { getSpreads } from '../consumer/get_spreads.ts'
import { manageHypertables } from '../consumer/manage_hypertables.ts'
import { marketSentiment } from '../consumer/market_sentiment.ts'
import { storeCryptoPrices } from '../consumer/store_crypto_prices.ts'
import { storeMarketAnalytics } from '../consumer/store_market_analytics.ts'
import { storeOhlcvData } from '../consumer/store_ohlcv_data.ts'
import { technicalAnalysis } from '../consumer/technical_analysis.ts'
import { timeseriesInsert } from '../consumer/timeseries_insert.ts'
import { timeseriesQuery } from '../consumer/timeseries_query.ts'

/** The tool of each verb of the store. */
export const timescaleVerbs = {
  currentPrice: verbOf(getCurrentPrice),
  latestPrices: verbOf(getLatestPrices),
  candles: verbOf(getOhlcvData),
  sma: verbOf(calculateSma),
  technicalAnalysis: verbOf(technicalAnalysis),
  anomalies: verbOf(detectPriceAnomalies),
  correlation: verbOf(correlation),
  orderBook: verbOf(getOrderBook),
  spreads: verbOf(getSpreads),
  compare: verbOf(compareSources),
  summary: verbOf(getMarketSummary),
  sentiment: verbOf(marketSentiment),
  health: verbOf(getDataHealth),
  query: verbOf(timeseriesQuery),
  insert: verbOf(timeseriesInsert),
  storePrices: verbOf(storeCryptoPrices),
  storeCandles: verbOf(storeOhlcvData),
  storeMarketAnalytics: verbOf(storeMarketAnalytics),
  tables: verbOf(manageHypertables),
} as const

/** The verbs of a store of market data. */
export type TimescaleDBDSL = DSL<typeof timescaleVerbs>

/** The verbs over any caller of our tools, in this process or elsewhere. */
export class TimescaleDBMCPWrapper extends MCPWrapper<typeof timescaleVerbs> {
  constructor(caller: McpCaller, options: { readonly prefix?: string } = {}) {
    super(caller, timescaleVerbs, options)
  }
}
