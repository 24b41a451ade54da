import { NEVER_CLOSED, type SeriesCalendars } from '../../types/index.ts'
import type { ConnectOptions, Pool } from '../pool.ts'
import { Reader } from '../reader.ts'
import { UnreadableRows } from '../unreadable.ts'
import { anomaliesQuery, bucketedQuery, dataHealthQuery } from './analysisQueries.ts'
import type { BucketedCandles, IndicatorValues, PriceAnomalies, SeriesHealth } from './analysisResults.ts'
import { priceAnomalies } from './anomalies/anomalies.ts'
import { bucketedCandles } from './bucketed.ts'
import { candles, candlesJson } from './candles.ts'
import { currentPrice } from './currentPrice.ts'
import { dataHealth } from './health/dataHealth.ts'
import type { KnownNumbers } from './health/missingNumbers.ts'
import { indicatorValues } from './indicators/compute.ts'
import type { IndicatorName } from './indicators/index.ts'
import { type IndicatorInput, type IndicatorQuery, indicatorQueries } from './indicators/queries.ts'
import { listInstruments } from './instruments.ts'
import { latestPrices } from './latest.ts'
import { candlesQuery, currentPriceQuery, instrumentsQuery, latestPricesQuery, marketSummaryQuery } from './queries.ts'
import { checkQuery, type QueryInput } from './query.ts'
import { byName, resolveCoins } from './resolve.ts'
import type { Candles, CandlesJson, CurrentPrice, InstrumentPage, LatestPrice, MarketSummary, Page } from './results.ts'
import { marketSummary } from './summary.ts'

export interface FinancialOptions {
  readonly connect?: ConnectOptions
  /** Takes the rows that were skipped. */
  readonly unreadable?: UnreadableRows
  /** Tell the trading hours of a series. */
  readonly calendars?: SeriesCalendars
  /** Knows the missing numbers of trades; left out, data health does not tell of them. */
  readonly numbers?: () => Promise<KnownNumbers>
}

const NOTHING_NUMBERED = Promise.resolve<KnownNumbers>({ numberGaps: async () => [] })

/**
 * The verbs that read market data. Results are records: decimals as exact text, times in microseconds. Every argument is validated:
 * BAD_REQUEST names what is wrong.
 */
export class MarketReads {
  readonly #reader: Reader
  readonly #numbers: () => Promise<KnownNumbers>

  constructor(pool: Pool, options: FinancialOptions = {}) {
    const {
      connect = {},
      unreadable = new UnreadableRows(),
      calendars = NEVER_CLOSED,
      numbers = () => NOTHING_NUMBERED,
    } = options
    this.#reader = new Reader(pool, connect, unreadable, calendars)
    this.#numbers = numbers
  }

  /**
   * One row for each (source, coin, currency), ordered by coin, source and currency. Simulated rows are left out where a real
   * one of the same coin is among those asked for. A series that has trades and no prices has the price of its last trade (`builtFrom`).
   * @throws QiError BAD_REQUEST naming the coins that share a ticker
   */
  async getLatestPrices(query: QueryInput<typeof latestPricesQuery> = {}): Promise<Page<LatestPrice>> {
    const asked = checkQuery(latestPricesQuery, query)
    const page = await latestPrices(this.#reader, asked)
    const unseen = asked.coins?.filter((coin) => !page.items.some(({ coinId }) => coinId === coin)) ?? []
    if (!asked.coins || unseen.length === 0 || page.next || asked.after) return page
    const named = (await resolveCoins(this.#reader, unseen)).filter((id, i) => id !== unseen[i])
    return named.length === 0 ? page : latestPrices(this.#reader, { ...asked, coins: [...new Set([...asked.coins, ...named])] })
  }

  /**
   * The ids of coins that are named by id, ticker or name; an unknown name as it is. The verbs of one coin do so by themselves.
   * @throws QiError BAD_REQUEST naming the coins that share a ticker
   */
  resolveCoins(given: readonly string[]): Promise<string[]> {
    return resolveCoins(this.#reader, given)
  }

  /**
   * The price of the preferred series (a provider's before manual before simulated, then the most recent data), beside those of the others.
   * @throws QiError NOT_FOUND, saying what might have been meant
   */
  async getCurrentPrice(query: QueryInput<typeof currentPriceQuery>): Promise<CurrentPrice> {
    return byName(this.#reader, checkQuery(currentPriceQuery, query), (asked) => currentPrice(this.#reader, asked))
  }

  /**
   * The latest candles of the range, oldest first, of one series; the others are listed beside. Each candle says what it was
   * made of and from which bars.
   * @throws QiError NOT_FOUND when nothing is held of the coin
   */
  async getOHLCV(query: QueryInput<typeof candlesQuery>): Promise<Candles> {
    return byName(this.#reader, checkQuery(candlesQuery, query), (asked) => candles(this.#reader, asked))
  }

  /** {@link getOHLCV} with its candles as JSON in wire naming, to be passed on: several times as quick. */
  async getOHLCVJson(query: QueryInput<typeof candlesQuery>): Promise<CandlesJson> {
    return byName(this.#reader, checkQuery(candlesQuery, query), (asked) => candlesJson(this.#reader, asked))
  }

  /**
   * Candles of any length that divides a day or consists of days, by event time, from stored bars, trades or prices. Each says
   * what it was made of, and of how many pieces.
   * @throws QiError NOT_FOUND when nothing is held of the coin
   */
  async getTimeBucketedOHLCV(query: QueryInput<typeof bucketedQuery>): Promise<BucketedCandles> {
    return byName(this.#reader, checkQuery(bucketedQuery, query), (asked) => bucketedCandles(this.#reader, asked))
  }

  /**
   * Candles whose return lies further than `threshold` robust standard deviations from the median of the `window` returns before
   * it; docs/indicators.md has the formula. @throws QiError NOT_FOUND
   */
  async detectPriceAnomalies(query: QueryInput<typeof anomaliesQuery>): Promise<PriceAnomalies> {
    return byName(this.#reader, checkQuery(anomaliesQuery, query), (asked) => priceAnomalies(this.#reader, asked))
  }

  /** Simple moving average of the closes. Of all indicators: docs/indicators.md has the formula. @throws QiError NOT_FOUND */
  calculateSMA(query: IndicatorInput<'sma'>): Promise<IndicatorValues> {
    return this.calculateIndicator('sma', query)
  }

  /** Exponential moving average of the closes. @throws QiError NOT_FOUND */
  calculateEMA(query: IndicatorInput<'ema'>): Promise<IndicatorValues> {
    return this.calculateIndicator('ema', query)
  }

  /** Wilder's relative strength index. @throws QiError NOT_FOUND */
  calculateRSI(query: IndicatorInput<'rsi'>): Promise<IndicatorValues> {
    return this.calculateIndicator('rsi', query)
  }

  /** Moving average convergence / divergence. @throws QiError NOT_FOUND, BAD_REQUEST unless fast is below slow */
  calculateMACD(query: IndicatorInput<'macd'>): Promise<IndicatorValues> {
    return this.calculateIndicator('macd', query)
  }

  /** Bollinger bands. @throws QiError NOT_FOUND */
  calculateBollingerBands(query: IndicatorInput<'bollinger'>): Promise<IndicatorValues> {
    return this.calculateIndicator('bollinger', query)
  }

  /** Volume weighted average price. @throws QiError NOT_FOUND */
  calculateVWAP(query: IndicatorInput<'vwap'>): Promise<IndicatorValues> {
    return this.calculateIndicator('vwap', query)
  }

  /** Any of them, by name. @throws QiError NOT_FOUND, BAD_REQUEST */
  async calculateIndicator<N extends IndicatorName>(name: N, query: IndicatorInput<N>): Promise<IndicatorValues> {
    const checked = checkQuery(indicatorQueries[name] as IndicatorQuery<N>, query)
    return byName(this.#reader, checked, (asked) => indicatorValues(this.#reader, name, asked))
  }

  /** Freshness and completeness of each stored series, a page at a time. */
  async getDataHealth(query: QueryInput<typeof dataHealthQuery> = {}): Promise<Page<SeriesHealth>> {
    return dataHealth(this.#reader, checkQuery(dataHealthQuery, query), this.#numbers)
  }

  async getMarketSummary(query: QueryInput<typeof marketSummaryQuery> = {}): Promise<MarketSummary> {
    return marketSummary(this.#reader, checkQuery(marketSummaryQuery, query))
  }

  /** Instruments that the sources list, a page at a time; the best matches of a search first. */
  async listInstruments(query: QueryInput<typeof instrumentsQuery> = {}): Promise<InstrumentPage> {
    return listInstruments(this.#reader, checkQuery(instrumentsQuery, query))
  }
}
