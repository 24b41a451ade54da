import type { BreakerSettings, Clock, TlsOptions } from '../../../base/networking/index.ts'
import {
  type CorporateAction,
  type Instrument,
  instrument,
  type Logger,
  type Micros,
  type Ohlcv,
  type Origin,
  type Price,
  QiError,
  type RateLimit,
  type Timeframe,
  type Trouble,
} from '../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../shared/collect.ts'
import { RestClient } from '../shared/RestClient.ts'
import { Credits } from './credits.ts'
import { answerError, isErrorBody, isNoData } from './errors.ts'
import { choose, instrumentOf, type Listing, splitName } from './listing.ts'
import { parseDividends, parseSplits } from './parse/actions.ts'
import { type ProviderIndicator, parseIndicator } from './parse/indicator.ts'
import { parseQuote } from './parse/quote.ts'
import { parseSymbols } from './parse/symbols.ts'
import { parseEarliest, parseTimeSeries } from './parse/timeSeries.ts'
import { type ApiUsage, parseUsage } from './parse/usage.ts'
import { ACTION_CREDITS, API_KEY, PLANS, type Plan } from './plans.ts'
import { intervalOf, isDated, stampOf } from './timeframes.ts'

export const TWELVEDATA_URL = 'https://api.twelvedata.com'
/** Scales of past prices: as traded, or adjusted for later splits and dividends. */
export const ADJUSTMENTS = ['none', 'splits', 'dividends', 'all'] as const
export type Adjustment = (typeof ADJUSTMENTS)[number]
/** Most bars of one answer. */
export const MOST_BARS = 5000

export interface TwelveDataClientOptions {
  readonly apiKey: string
  /** The `source` of its records. Default twelvedata. */
  readonly source?: string
  /** Default basic. */
  readonly plan?: Plan
  /** Base URLs; each is a fallback of the others. */
  readonly baseUrl?: readonly string[]
  /** Credits shared by all clients of the key. Default: those of the plan, for this client alone. */
  readonly credits?: RateLimit | undefined
  /** Default none. */
  readonly adjust?: Adjustment
  /** A bar is final this long after its end, in microseconds. Default five minutes. */
  readonly settle?: Micros
  readonly timeoutMs?: number
  readonly attempts?: number
  readonly retryBaseMs?: number
  readonly retryMaxMs?: number
  readonly totalMs?: number
  readonly breaker?: BreakerSettings
  readonly tls?: TlsOptions | undefined
  readonly logger?: Logger
  readonly clock?: Clock
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** The `origin` of the records. Default live. */
  readonly origin?: Origin
  /** Most tries of this call. Default: the client's. */
  readonly attempts?: number
}

/** A stretch of bars: the last ones, or those that open between two times, the second exclusive. */
export type BarRange = { readonly last: number } | { readonly from: Micros; readonly to: Micros }

/**
 * Twelve Data's REST API: every call costs a credit or more, keeps the plan's limits and is retried where that helps; figures keep every digit.
 * The key is sent in a header, never in a URL. Failures are classified: RATE_LIMITED (with retryAfterMs), UNAUTHORIZED, FORBIDDEN,
 * NOT_FOUND, BAD_REQUEST (with the field), CONFIG_INVALID (a symbol), UNAVAILABLE, TIMEOUT, BAD_DATA, CANCELLED.
 */
export class TwelveDataClient implements AsyncDisposable {
  readonly source: string
  readonly plan: Plan
  readonly adjust: Adjustment
  readonly #settle: Micros
  readonly #rest: RestClient
  /** Listings by the name that they were asked for. */
  readonly #listings = new Map<string, Promise<Listing>>()

  /** @throws QiError CONFIG_INVALID if the key holds a character that no key has */
  constructor(options: TwelveDataClientOptions) {
    const { apiKey, source = 'twelvedata', plan = 'basic', adjust = 'none', baseUrl = [TWELVEDATA_URL] } = options
    if (!API_KEY.test(apiKey))
      throw new QiError('CONFIG_INVALID', 'the key of Twelve Data holds a character that no key has', { field: 'api_key' })
    this.source = source
    this.plan = plan
    this.adjust = adjust
    this.#settle = options.settle ?? 300_000_000
    const { perMinute, perDay } = PLANS[plan]
    const { credits = new Credits({ perMinute, perDay, clock: options.clock }), tls, breaker, logger, clock } = options
    const { timeoutMs, attempts, retryBaseMs, retryMaxMs, totalMs } = options
    this.#rest = new RestClient({
      peer: 'Twelve Data',
      baseUrls: baseUrl,
      headers: { authorization: `apikey ${apiKey}` },
      secrets: [apiKey],
      callsPerMinute: perMinute,
      rateLimit: credits,
      errorOf: answerError,
      isFailure: isErrorBody,
      tlsAt: `sources.${source}.tls`,
      ...{ tls, breaker, timeoutMs, attempts, retryBaseMs, retryMaxMs, totalMs },
      ...(logger && { logger }),
      ...(clock && { clock }),
    })
  }

  get baseUrl(): string {
    return this.#rest.baseUrl
  }

  get answeredMsAgo(): number | undefined {
    return this.#rest.answeredMsAgo
  }

  get trouble(): Trouble | undefined {
    return this.#rest.trouble
  }

  /** GET /api_usage: shows that the key is accepted. */
  async apiUsage(options?: CallOptions): Promise<ApiUsage> {
    const { body } = await this.#ask('/api_usage', {}, options)
    return parseUsage(body)
  }

  /** GET /symbol_search: every listing of a ticker, near matches included. */
  async search(text: string, options?: CallOptions): Promise<readonly Listing[]> {
    const { body } = await this.#ask('/symbol_search', { symbol: text, outputsize: 120 }, options)
    return parseSymbols(body)
  }

  /**
   * The listing that a name means, such as `AAPL:XNAS` or `EUR/USD`; asked for once.
   * @param field the setting or argument that errors name
   * @throws QiError CONFIG_INVALID listing the candidates, for one that is unknown or ambiguous
   */
  resolve(name: string, field = 'symbols', options?: CallOptions): Promise<Listing> {
    const known = this.#listings.get(name)
    if (known) return known
    const found = this.search(splitName(name)[0], options).then((listings) => choose(name, listings, field))
    this.#listings.set(name, found)
    found.then(
      // History and verbs name it by its id: the same listing.
      (listing) => this.#listings.set(listing.coinId, found),
      () => this.#listings.delete(name),
    )
    return found
  }

  /** The instrument of a listing. */
  async instrument(name: string, options: CallOptions = {}): Promise<Parsed<Instrument>> {
    const listing = await this.resolve(name, 'symbol', options)
    const out = new Collector<Instrument>(instrument)
    out.add('', listing.symbol, () => instrumentOf(listing, this.#seen(Date.now() * 1000, options)))
    return out.done()
  }

  /** GET /time_series: bars by time, oldest first; empty if there are none. At most {@link MOST_BARS}. */
  async bars(
    listing: Listing,
    timeframe: Timeframe,
    range: BarRange,
    options: CallOptions = {},
  ): Promise<Parsed<Ohlcv> | undefined> {
    const interval = intervalOf(timeframe)
    const stretch =
      'last' in range
        ? { outputsize: range.last }
        : { start_date: stampOf(range.from, timeframe), end_date: stampOf(range.to - 1, timeframe) }
    // Bars that a date names are sessions of the exchange.
    const zone = isDated(timeframe) ? {} : { timezone: 'UTC' }
    try {
      const { body, receivedAt } = await this.#ask(
        '/time_series',
        { ...placeOf(listing), interval, adjust: this.adjust, ...stretch, ...zone },
        options,
      )
      return parseTimeSeries(body, { listing, timeframe, settle: this.#settle }, this.#seen(receivedAt, options))
    } catch (error) {
      if (error instanceof QiError && isNoData(error)) return undefined
      throw error
    }
  }

  /** GET /earliest_timestamp: when the bars of a listing begin. */
  async earliest(listing: Listing, timeframe: Timeframe, options?: CallOptions): Promise<Micros> {
    const zone = isDated(timeframe) ? {} : { timezone: 'UTC' }
    const { body } = await this.#ask(
      '/earliest_timestamp',
      { ...placeOf(listing), interval: intervalOf(timeframe), ...zone },
      options,
    )
    return parseEarliest(body)
  }

  /** GET /quote: the last price, at the minute of it. */
  async quote(listing: Listing, options: CallOptions = {}): Promise<Parsed<Price>> {
    const { body, receivedAt } = await this.#ask('/quote', placeOf(listing), options)
    return parseQuote(body, listing, this.#seen(receivedAt, options))
  }

  /** GET /splits: all of a security. */
  async splits(listing: Listing, options: CallOptions = {}): Promise<Parsed<CorporateAction>> {
    const query = { ...placeOf(listing), range: 'full' }
    const { body, receivedAt } = await this.#ask('/splits', query, options, ACTION_CREDITS)
    return parseSplits(body, listing, this.#seen(receivedAt, options))
  }

  /** GET /dividends: all of a security, as they were paid, in the units of their day. */
  async dividends(listing: Listing, options: CallOptions = {}): Promise<Parsed<CorporateAction>> {
    const query = { ...placeOf(listing), range: 'full', adjust: 'false' }
    const { body, receivedAt } = await this.#ask('/dividends', query, options, ACTION_CREDITS)
    return parseDividends(body, listing, this.#seen(receivedAt, options))
  }

  /**
   * GET /{name}: a technical indicator, computed by Twelve Data.
   * @param name in their form, such as `macd`
   * @param params their settings of it, such as `time_period`
   */
  async indicator(
    listing: Listing,
    name: string,
    timeframe: Timeframe,
    params: Readonly<Record<string, string | number>>,
    options?: CallOptions,
  ): Promise<ProviderIndicator> {
    const zone = isDated(timeframe) ? {} : { timezone: 'UTC' }
    const { body } = await this.#ask(
      `/${name}`,
      { ...params, ...placeOf(listing), interval: intervalOf(timeframe), ...zone },
      options,
    )
    return parseIndicator(body)
  }

  #ask(path: string, query: Readonly<Record<string, string | number | undefined>>, options: CallOptions = {}, credits = 1) {
    const { signal, attempts } = options
    return this.#rest.get(path, query, { signal, attempts, weight: credits })
  }

  #seen(receivedAt: Micros, { origin = 'live' }: CallOptions): Seen {
    return { source: this.source, receivedAt, origin }
  }

  close(): Promise<void> {
    return this.#rest.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** The parameters that name a listing. */
const placeOf = ({ symbol, micCode, exchange }: Listing) =>
  symbol.includes('/')
    ? { symbol, ...(isMarket(exchange) && { exchange }) }
    : { symbol, ...(micCode === undefined ? { exchange } : { mic_code: micCode }) }

/** False for the name that stands for all currencies. */
const isMarket = (exchange: string): boolean => exchange.toUpperCase() !== 'PHYSICAL CURRENCY'
