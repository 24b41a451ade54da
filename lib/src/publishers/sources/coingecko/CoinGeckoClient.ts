import {
  type BreakerSettings,
  type Clock,
  SlidingWindowLimit,
  systemClock,
  type TlsOptions,
} from '../../../base/networking/index.ts'
import {
  type Instrument,
  type Logger,
  type MarketAnalytics,
  type Ohlcv,
  type Origin,
  type Price,
  QiError,
  type RateLimit,
  type Trending,
  type Trouble,
} from '../../../base/types/index.ts'
import { CALL_TIMEOUT_MS, Caller } from '../shared/Caller.ts'
import type { Parsed } from '../shared/collect.ts'
import * as endpoints from './endpoints.ts'
import { chunkIds, cleanIds } from './ids.ts'
import type { CoinHistoryParams, CoinParams } from './parse/coin.ts'
import type { GlobalParams } from './parse/global.ts'
import type { MarketChartParams, MarketChartRangeParams } from './parse/marketChart.ts'
import type { MarketsParams } from './parse/markets.ts'
import type { OhlcParams, OhlcRangeParams } from './parse/ohlc.ts'
import type { FoundCoins } from './parse/search.ts'
import { type SimplePriceParams, withUnknown } from './parse/simplePrice.ts'
import { API_KEY, PLANS, type Plan } from './plans.ts'
import { Transport } from './transport.ts'

export interface CoinGeckoClientOptions {
  /** The `source` of its records. Default coingecko. */
  readonly source?: string
  /** Default: demo with a key, else keyless. */
  readonly plan?: Plan | undefined
  readonly apiKey?: string | undefined
  /** Base URL, which ends before `/coins/…`. Several share the calls, and each is a fallback of the others. Default: that of the plan. */
  readonly baseUrl?: string | readonly string[] | undefined
  /** Default: that of the plan. */
  readonly callsPerMinute?: number | undefined
  /** A limit shared by all clients of one key, in place of callsPerMinute. */
  readonly rateLimit?: RateLimit
  /** Time for one call, until its body is complete. Default {@link CALL_TIMEOUT_MS}. */
  readonly timeoutMs?: number
  /** The next four: see {@link Caller}. */
  readonly attempts?: number
  readonly retryBaseMs?: number
  readonly totalMs?: number
  readonly retryMaxMs?: number
  /** The circuit breaker of each address. */
  readonly breaker?: BreakerSettings
  readonly logger?: Logger
  readonly clock?: Clock
  readonly tls?: TlsOptions | undefined
  /** Sends requests in place of HTTP. */
  readonly fetch?: typeof globalThis.fetch
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** The `origin` of the records. Default live; backfill for history. */
  readonly origin?: Origin
  /** Most tries of this call. Default: the client's. */
  readonly attempts?: number
}

/**
 * CoinGecko's REST API: every call returns records with all digits, keeps the plan's rate limit and is retried where that helps.
 * Failures are classified: RATE_LIMITED (with retryAfterMs), UNAUTHORIZED, FORBIDDEN, NOT_FOUND, BAD_REQUEST, UNAVAILABLE,
 * TIMEOUT, BAD_DATA, CANCELLED.
 */
export class CoinGeckoClient {
  readonly source: string
  readonly plan: Plan
  readonly #transport: Transport
  readonly #caller: Caller

  /** @throws QiError CONFIG_INVALID if plan and key do not match, or the key is malformed */
  constructor(options: CoinGeckoClientOptions = {}) {
    this.source = options.source ?? 'coingecko'
    this.plan = options.plan ?? (options.apiKey ? 'demo' : 'keyless')
    if (this.plan !== 'keyless' && !options.apiKey)
      throw new QiError('CONFIG_INVALID', `CoinGecko's ${this.plan} plan needs a key: set api_key`, {
        field: 'api_key',
      })
    if (options.apiKey && !API_KEY.test(options.apiKey))
      throw new QiError('CONFIG_INVALID', 'the key of CoinGecko holds a character that no key has', { field: 'api_key' })
    const { apiKey, baseUrl, timeoutMs = CALL_TIMEOUT_MS, fetch, breaker, tls } = options
    const baseUrls = typeof baseUrl === 'string' ? [baseUrl] : baseUrl
    this.#transport = new Transport({
      source: this.source,
      plan: this.plan,
      apiKey,
      baseUrls,
      timeoutMs,
      breaker,
      tls,
      ...(fetch ? { fetch } : {}),
    })
    const { clock = systemClock, callsPerMinute: limit = PLANS[this.plan].callsPerMinute } = options
    const { rateLimit = new SlidingWindowLimit({ limit, clock, peer: 'CoinGecko' }) } = options
    this.#caller = new Caller({ ...options, peer: 'CoinGecko', rateLimit, clock })
  }

  get baseUrl(): string {
    return this.#transport.baseUrl
  }

  /** Milliseconds since CoinGecko's last good answer; undefined if there was none, or it has failed since. */
  get answeredMsAgo(): number | undefined {
    return this.#caller.answeredMsAgo
  }

  /** The failure of CoinGecko, until its next good answer. */
  get trouble(): Trouble | undefined {
    return this.#caller.trouble
  }

  /** Calls an endpoint. Endpoints beside those below can be declared elsewhere and called by this. */
  async ask<P, T>(endpoint: endpoints.Endpoint<P, T>, params: P, options: CallOptions = {}): Promise<T> {
    const { signal, origin = 'live', attempts } = options
    const { body, receivedAt } = await this.#caller.run(
      endpoint.name,
      (permit) => this.#transport.call(endpoint.name, (sdk, sending) => endpoint.send(sdk, params, sending), permit, signal),
      { signal, attempts },
    )
    return endpoint.parse(body, params, { source: this.source, receivedAt, origin })
  }

  /** GET /ping */
  async ping(options?: CallOptions): Promise<void> {
    await this.ask(endpoints.ping, {}, options)
  }

  /** GET /simple/price: prices of these coins; a long list takes several calls. An unknown coin is among the rejected. */
  async getPrices(params: SimplePriceParams, options?: CallOptions): Promise<Parsed<Price>> {
    const ids = cleanIds(params.ids, 'ids')
    const currencies = cleanIds(params.currencies, 'currencies')
    const parts: Parsed<Price>[] = []
    for (const chunk of chunkIds(ids)) parts.push(await this.ask(endpoints.simplePrice, { ids: chunk, currencies }, options))
    return {
      ...(parts[0] as Parsed<Price>),
      records: parts.flatMap((part) => part.records),
      rejected: withUnknown(
        parts.flatMap((part) => part.records),
        parts.flatMap((part) => part.rejected),
        { ids, currencies },
      ),
    }
  }

  /** GET /coins/markets: one page of up to 250 coins by capitalisation, or these coins; a long list takes several calls. */
  async markets(params: MarketsParams, options?: CallOptions): Promise<Parsed<Price>> {
    if (!params.ids) return this.ask(endpoints.markets, params, options)
    const parts: Parsed<Price>[] = []
    for (const ids of chunkIds(cleanIds(params.ids, 'ids'), 250))
      parts.push(await this.ask(endpoints.markets, { ...params, ids }, options))
    return {
      ...(parts[0] as Parsed<Price>),
      records: parts.flatMap((part) => part.records),
      rejected: parts.flatMap((part) => part.rejected),
    }
  }

  /** GET /coins/{id}/ohlc: candles, stamped with their open, without volume. */
  async ohlc(params: OhlcParams, options?: CallOptions): Promise<Parsed<Ohlcv>> {
    return this.ask(endpoints.ohlc, params, options)
  }

  /** GET /coins/{id}/ohlc/range: candles of an hour (up to 31 days a call) or a day (180), with a paid plan. */
  async ohlcRange(params: OhlcRangeParams, options?: CallOptions): Promise<Parsed<Ohlcv>> {
    return this.ask(endpoints.ohlcRange, params, { origin: 'backfill', ...options })
  }

  /** GET /coins/{id}/market_chart: the history of one coin up to now. */
  async marketChart(params: MarketChartParams, options?: CallOptions): Promise<Parsed<Price>> {
    return this.ask(endpoints.marketChart, params, { origin: 'backfill', ...options })
  }

  /** GET /coins/{id}/market_chart/range */
  async marketChartRange(params: MarketChartRangeParams, options?: CallOptions): Promise<Parsed<Price>> {
    return this.ask(endpoints.marketChartRange, params, { origin: 'backfill', ...options })
  }

  /** GET /global: the whole market, one record a currency. */
  async global(params: GlobalParams, options?: CallOptions): Promise<Parsed<MarketAnalytics>> {
    return this.ask(endpoints.globalMarket, params, options)
  }

  /** GET /search/trending */
  async trending(options?: CallOptions): Promise<Parsed<Trending>> {
    return this.ask(endpoints.trendingSearches, {}, options)
  }

  /** GET /search: coins by name, symbol or id. */
  async search(query: string, options?: CallOptions): Promise<FoundCoins> {
    return this.ask(endpoints.search, { query }, options)
  }

  /** GET /coins/list: every coin. */
  async coinsList(options?: CallOptions): Promise<Parsed<Instrument>> {
    return this.ask(endpoints.coinsList, {}, options)
  }

  /** GET /coins/{id} */
  async coin(params: CoinParams, options?: CallOptions): Promise<Parsed<Price>> {
    return this.ask(endpoints.coin, params, options)
  }

  /** GET /coins/{id}/history: one day in the past. */
  async coinHistory(params: CoinHistoryParams, options?: CallOptions): Promise<Parsed<Price>> {
    return this.ask(endpoints.coinHistory, params, { origin: 'backfill', ...options })
  }
}
