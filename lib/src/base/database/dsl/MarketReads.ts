import {
  NEVER_CLOSED,
  QiError,
  type Quote,
  quote,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
  type Trade,
  trade,
} from '../../types/index.ts'
import type { ConnectOptions, Pool } from '../connections/pool.ts'
import {
  CandleHistory,
  type HistoryInput,
  type HistoryQuery,
  historyKinds,
  historyQueryOf,
  recordsOf,
  StoredHistory,
} from '../history/index.ts'
import { RowReader } from '../reading/RowReader.ts'
import { UnreadableRows } from '../reading/UnreadableRows.ts'
import type { BucketedCandles, IndicatorValues, PriceAnomalies, SeriesHealth } from './analysisResults.ts'
import { priceAnomalies } from './anomalies/anomalies.ts'
import { orderBook } from './books/orderBook.ts'
import { bucketedCandles } from './candles/bucketed.ts'
import { candles, candlesJson } from './candles/candles.ts'
import { findInstruments } from './coins/find.ts'
import { listInstruments } from './coins/instruments.ts'
import { byName, type CoinsOf, coinsOf, resolveCoins } from './coins/resolve.ts'
import { compareSources } from './compare/compare.ts'
import { dataHealth } from './health/dataHealth.ts'
import type { KnownNumbers } from './health/missingNumbers.ts'
import { indicatorValues } from './indicators/compute.ts'
import type { IndicatorName } from './indicators/index.ts'
import { type IndicatorInput, type IndicatorQuery, indicatorQueries } from './indicators/queries.ts'
import { currentPrice } from './prices/currentPrice.ts'
import { latestPricesByName } from './prices/latest.ts'
import { marketSummary } from './prices/summary.ts'
import { anomaliesQuery, bucketedQuery, dataHealthQuery } from './query/analysisQueries.ts'
import {
  bookQuery,
  candleHistoryQuery,
  candlesQuery,
  compareQuery,
  currentPriceQuery,
  findQuery,
  instrumentsQuery,
  latestPricesQuery,
  marketSummaryQuery,
  recentQuery,
  spreadsQuery,
} from './query/queries.ts'
import { checkQuery, type QueryInput } from './query/query.ts'
import { recentRecords } from './recent/recent.ts'
import type {
  Candle,
  Candles,
  CandlesJson,
  Comparison,
  CurrentPrice,
  FoundInstrument,
  InstrumentPage,
  LatestPrice,
  MarketSummary,
  OrderBook,
  Page,
  Spreads,
} from './results.ts'
import { spreads } from './spreads/spreads.ts'

export interface FinancialOptions {
  readonly connect?: ConnectOptions
  /** Collects the rows that cannot be read and are skipped. */
  readonly unreadable?: UnreadableRows
  /** The trading hours of each series; default: every market is always open. */
  readonly calendars?: SeriesCalendars
  /** Knows the missing numbers of trades; without it data health reports none. */
  readonly numbers?: () => Promise<KnownNumbers>
}

const NOTHING_NUMBERED = Promise.resolve<KnownNumbers>({ numberGaps: async () => [] })

/**
 * The verbs that read market data, grouped: prices and instruments, candles, indicators, data health, history.
 *
 * Results are records: decimals are exact text in the series' currency, times are microseconds since 1970. Figures that we compute
 * (indicators, scores, means) are float64. A verb of one coin takes its id, ticker or name.
 *
 * Every verb validates its query and throws QiError BAD_REQUEST with the field, the value and the form that was expected. NOT_FOUND
 * means that nothing is stored of the coin, or that several coins share the ticker; the message lists the candidates.
 */
export class MarketReads {
  readonly #reader: RowReader
  readonly #pool: Pool
  readonly #connect: ConnectOptions
  readonly #numbers: () => Promise<KnownNumbers>

  constructor(pool: Pool, options: FinancialOptions = {}) {
    const {
      connect = {},
      unreadable = new UnreadableRows(),
      calendars = NEVER_CLOSED,
      numbers = () => NOTHING_NUMBERED,
    } = options
    this.#reader = new RowReader(pool, connect, unreadable, calendars)
    this.#pool = pool
    this.#connect = connect
    this.#numbers = numbers
  }

  // Prices and instruments

  /**
   * The latest price of each (source, coin, currency), ordered by coin, source and currency unless `sort` names a figure. Simulated
   * rows are left out if the query also matches a real row of the coin. A series that has trades and no prices has the price of its
   * last trade (`builtFrom`). Unknown coins are left out.
   * @throws QiError BAD_REQUEST; NOT_FOUND if several coins share a ticker
   */
  async getLatestPrices(query: QueryInput<typeof latestPricesQuery> = {}): Promise<Page<LatestPrice>> {
    return latestPricesByName(this.#reader, checkQuery(latestPricesQuery, query))
  }

  /**
   * The price of a coin's preferred series, beside those of the others. Preferred is a provider's series, then a manual one, then a
   * simulated one; among equals the one with the newest data.
   * @throws QiError BAD_REQUEST; NOT_FOUND, with ids that may have been meant
   */
  async getCurrentPrice(query: QueryInput<typeof currentPriceQuery>): Promise<CurrentPrice> {
    return byName(this.#reader, checkQuery(currentPriceQuery, query), (asked) => currentPrice(this.#reader, asked))
  }

  /**
   * The latest trades of a coin in a range, of all its sources together, oldest first; those of one moment in the order of the venue.
   * @throws QiError BAD_REQUEST; NOT_FOUND if no trade of the coin is stored, or several coins share the ticker
   */
  async getTrades(query: QueryInput<typeof recentQuery>): Promise<readonly Trade[]> {
    return byName(this.#reader, checkQuery(recentQuery, query), (asked) => recentRecords<Trade>(this.#reader, trade, asked))
  }

  /** {@link getTrades} for quotes. @throws QiError BAD_REQUEST, NOT_FOUND */
  async getQuotes(query: QueryInput<typeof recentQuery>): Promise<readonly Quote[]> {
    return byName(this.#reader, checkQuery(recentQuery, query), (asked) => recentRecords<Quote>(this.#reader, quote, asked))
  }

  /**
   * The latest quote of each venue with its spread, and the best bid and ask across venues. Differences are exact, basis points are
   * float64. Stale quotes are marked and left out of the best; quotes in different currencies are compared with `like` alone.
   * @throws QiError BAD_REQUEST; NOT_FOUND if no quote of the coin is stored, or several coins share the ticker
   */
  async getSpreads(query: QueryInput<typeof spreadsQuery>): Promise<Spreads> {
    const asked = checkQuery(spreadsQuery, query)
    return byName(this.#reader, asked, (one) => spreads(this.#reader, one))
  }

  /**
   * The price and the candles of one asset at each of its sources, each beside a reference in its currency: differences now and over
   * the candles that both have. Prices are exact, basis points and correlations float64.
   * @throws QiError BAD_REQUEST; NOT_FOUND if nothing is stored of it, or several coins share the ticker
   */
  async compareSources(query: QueryInput<typeof compareQuery>): Promise<Comparison> {
    return compareSources(this.#reader, checkQuery(compareQuery, query))
  }

  /**
   * The latest order book of a coin at or before a time, with running totals of its sizes. It is that of the preferred series: a
   * venue's before a simulated one, then the newest.
   * @throws QiError BAD_REQUEST; NOT_FOUND if no book of the coin is stored, or none at or before that time
   */
  async getBook(query: QueryInput<typeof bookQuery>): Promise<OrderBook> {
    return byName(this.#reader, checkQuery(bookQuery, query), (asked) => orderBook(this.#reader, asked))
  }

  /** Capitalisation, breadth and top movers of the market, each per source and currency. @throws QiError BAD_REQUEST */
  async getMarketSummary(query: QueryInput<typeof marketSummaryQuery> = {}): Promise<MarketSummary> {
    return marketSummary(this.#reader, checkQuery(marketSummaryQuery, query))
  }

  /** Instruments by a part of their id, ticker or name, the best matches first; each says whether data of it is stored. @throws QiError BAD_REQUEST */
  async findInstruments(query: QueryInput<typeof findQuery>): Promise<readonly FoundInstrument[]> {
    return findInstruments(this.#reader, checkQuery(findQuery, query))
  }

  /** Instruments that the sources list, a page at a time; the best matches of a search first. @throws QiError BAD_REQUEST */
  async listInstruments(query: QueryInput<typeof instrumentsQuery> = {}): Promise<InstrumentPage> {
    return listInstruments(this.#reader, checkQuery(instrumentsQuery, query))
  }

  /**
   * Turns ids, tickers and names of coins into ids; an unknown name stays as it is. Verbs of one coin do this by themselves.
   * @param of of several coins with one ticker, the one with records of these sources and currencies is meant
   * @throws QiError NOT_FOUND if several coins share a ticker
   */
  resolveCoins(given: readonly string[], of: CoinsOf = {}): Promise<string[]> {
    return resolveCoins(this.#reader, given, of)
  }

  // Candles

  /**
   * The latest candles of a range, oldest first, of one series; the coin's other series are listed beside. Each candle names the data
   * that it was built from, and the share of its time that is covered.
   * @throws QiError BAD_REQUEST, NOT_FOUND
   */
  async getOHLCV(query: QueryInput<typeof candlesQuery>): Promise<Candles> {
    return byName(this.#reader, checkQuery(candlesQuery, query), (asked) => candles(this.#reader, asked))
  }

  /** {@link getOHLCV} with its candles as JSON text in wire naming: several times as fast, for answers that only pass them on. */
  async getOHLCVJson(query: QueryInput<typeof candlesQuery>): Promise<CandlesJson> {
    return byName(this.#reader, checkQuery(candlesQuery, query), (asked) => candlesJson(this.#reader, asked))
  }

  /**
   * Candles of any length that divides a day or is a number of days, by event time, from stored bars, trades or prices.
   * @throws QiError BAD_REQUEST, NOT_FOUND
   */
  async getTimeBucketedOHLCV(query: QueryInput<typeof bucketedQuery>): Promise<BucketedCandles> {
    return byName(this.#reader, checkQuery(bucketedQuery, query), (asked) => bucketedCandles(this.#reader, asked))
  }

  /**
   * Candles whose return lies further than `threshold` robust standard deviations from the median of the `window` returns before
   * it; the formula is in docs/indicators.md.
   * @throws QiError BAD_REQUEST, NOT_FOUND
   */
  async detectPriceAnomalies(query: QueryInput<typeof anomaliesQuery>): Promise<PriceAnomalies> {
    return byName(this.#reader, checkQuery(anomaliesQuery, query), (asked) => priceAnomalies(this.#reader, asked))
  }

  // Indicators: float64 values; the formulas are in docs/indicators.md

  /** Simple moving average of the closes. @throws QiError BAD_REQUEST, NOT_FOUND */
  calculateSMA(query: IndicatorInput<'sma'>): Promise<IndicatorValues> {
    return this.calculateIndicator('sma', query)
  }

  /** Exponential moving average of the closes. @throws QiError BAD_REQUEST, NOT_FOUND */
  calculateEMA(query: IndicatorInput<'ema'>): Promise<IndicatorValues> {
    return this.calculateIndicator('ema', query)
  }

  /** Wilder's relative strength index, 0 to 100. @throws QiError BAD_REQUEST, NOT_FOUND */
  calculateRSI(query: IndicatorInput<'rsi'>): Promise<IndicatorValues> {
    return this.calculateIndicator('rsi', query)
  }

  /** Moving average convergence / divergence. @throws QiError BAD_REQUEST (also unless fast is below slow), NOT_FOUND */
  calculateMACD(query: IndicatorInput<'macd'>): Promise<IndicatorValues> {
    return this.calculateIndicator('macd', query)
  }

  /** Bollinger bands of the closes. @throws QiError BAD_REQUEST, NOT_FOUND */
  calculateBollingerBands(query: IndicatorInput<'bollinger'>): Promise<IndicatorValues> {
    return this.calculateIndicator('bollinger', query)
  }

  /** Volume weighted average price. @throws QiError BAD_REQUEST, NOT_FOUND */
  calculateVWAP(query: IndicatorInput<'vwap'>): Promise<IndicatorValues> {
    return this.calculateIndicator('vwap', query)
  }

  /** The indicator of this name. @throws QiError BAD_REQUEST, NOT_FOUND */
  async calculateIndicator<N extends IndicatorName>(name: N, query: IndicatorInput<N>): Promise<IndicatorValues> {
    const checked = checkQuery(indicatorQueries[name] as IndicatorQuery<N>, query)
    return byName(this.#reader, checked, (asked) => indicatorValues(this.#reader, name, asked))
  }

  // Data health

  /** Freshness and completeness of each stored series, a page at a time. @throws QiError BAD_REQUEST; NOT_FOUND if several coins share a ticker */
  async getDataHealth(query: QueryInput<typeof dataHealthQuery> = {}): Promise<Page<SeriesHealth>> {
    const asked = checkQuery(dataHealthQuery, query)
    const [coin] = asked.coin === undefined ? [] : await this.resolveCoins([asked.coin], coinsOf(asked))
    return dataHealth(this.#reader, coin === undefined ? asked : { ...asked, coin }, this.#numbers)
  }

  // History: ranges of any length, with constant memory

  /**
   * Stored records of one type over a range of time, series by series, each from its oldest record on. Breaking off the loop ends the
   * query.
   * @throws QiError BAD_REQUEST; NOT_FOUND for a coin without stored records of the type; UNSUPPORTED for a type without a history
   */
  async *getHistory<R extends RecordValues>(type: RecordType<R>, query: HistoryInput = {}): AsyncGenerator<R> {
    const kind = [...historyKinds.values()].find((one) => one.type.name === type.name)
    if (!kind) throw new QiError('UNSUPPORTED', `records of the type ${type.name} have no history`)
    yield* recordsOf<R>(await this.openHistory(kind.name, query))
  }

  /**
   * {@link getHistory} as encoded records: NDJSON or CSV lines, in pieces.
   * @param name such as prices: see {@link historyKinds}
   */
  async openHistory(name: string, query: HistoryInput = {}): Promise<StoredHistory> {
    const kind = historyKinds.get(name)
    if (!kind)
      throw new QiError('NOT_FOUND', `there is no history of ${name}: there is ${[...historyKinds.keys()].join(', ')}`, {
        field: 'name',
      })
    const checked = checkQuery(historyQueryOf(kind), query as never) as unknown as HistoryQuery
    return StoredHistory.open(kind, { reader: this.#reader, pool: this.#pool, connect: this.#connect }, checked)
  }

  /** The candles of one series over a range of any length, oldest first. @throws QiError BAD_REQUEST, NOT_FOUND */
  async *getCandleHistory(query: QueryInput<typeof candleHistoryQuery>): AsyncGenerator<Candle> {
    for await (const { candles: some } of (await this.openCandleHistory(query)).slices()) yield* some
  }

  /** {@link getCandleHistory} as encoded records, in pieces. */
  async openCandleHistory(query: QueryInput<typeof candleHistoryQuery>): Promise<CandleHistory> {
    return byName(this.#reader, checkQuery(candleHistoryQuery, query), (asked) => CandleHistory.open(this.#reader, asked))
  }
}
