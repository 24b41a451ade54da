import type { Coingecko } from '@coingecko/coingecko-typescript'
import {
  type ExactJson,
  formatTime,
  type Instrument,
  type MarketAnalytics,
  type Ohlcv,
  type Price,
  type Trending,
} from '../../../base/index.ts'
import { type CoinHistoryParams, type CoinParams, coinNumbers, parseCoin, parseCoinHistory } from './parse/coin.ts'
import { coinsListNumbers, parseCoinsList } from './parse/coinsList.ts'
import { type GlobalParams, globalNumbers, parseGlobal } from './parse/global.ts'
import { type MarketChartParams, type MarketChartRangeParams, marketChartNumbers, parseMarketChart } from './parse/marketChart.ts'
import { type MarketsParams, marketsNumbers, parseMarkets } from './parse/markets.ts'
import type { Numbers } from './parse/numbers.ts'
import { type OhlcParams, type OhlcRangeParams, ohlcNumbers, parseOhlc } from './parse/ohlc.ts'
import type { Parsed, Seen } from './parse/parsed.ts'
import { type FoundCoins, parseSearch, type SearchParams, searchNumbers } from './parse/search.ts'
import { parseSimplePrice, type SimplePriceParams, simplePriceNumbers } from './parse/simplePrice.ts'
import { parseTrending, trendingNumbers } from './parse/trending.ts'

export interface SendOptions {
  readonly signal: AbortSignal
}

/** One address of the API: how it is asked, what its body means, and what becomes of the body's numbers. */
export interface Endpoint<P, T> {
  readonly name: string
  send(sdk: Coingecko, params: P, options: SendOptions): Promise<Response>
  /** Pure. @throws QiError BAD_DATA when the body is of another shape altogether */
  parse(body: ExactJson, params: P, seen: Seen): T
  numbers(params: P): Numbers
}

const endpoint = <P, T>(definition: Endpoint<P, T>): Endpoint<P, T> => definition

/** All digits that CoinGecko has, instead of those it shows. */
const precision = 'full'

export const ping = endpoint<object, undefined>({
  name: '/ping',
  send: (sdk, _, options) => sdk.ping.get(options).asResponse(),
  parse: () => undefined,
  numbers: () => ({ stored: {}, unused: [] }),
})

export const simplePrice = endpoint<SimplePriceParams, Parsed<Price>>({
  name: '/simple/price',
  send: (sdk, { ids, currencies }, options) =>
    sdk.simple.price
      .get(
        {
          ids: ids.join(','),
          vs_currencies: currencies.join(','),
          include_market_cap: true,
          include_24hr_vol: true,
          include_24hr_change: true,
          include_last_updated_at: true,
          precision,
        },
        options,
      )
      .asResponse(),
  parse: parseSimplePrice,
  numbers: simplePriceNumbers,
})

export const markets = endpoint<MarketsParams, Parsed<Price>>({
  name: '/coins/markets',
  send: (sdk, { currency, ids, page = 1, perPage = 250 }, options) =>
    sdk.coins.markets
      .get(
        {
          vs_currency: currency,
          ...(ids ? { ids: ids.join(',') } : {}),
          order: 'market_cap_desc',
          page,
          per_page: perPage,
          precision,
        },
        options,
      )
      .asResponse(),
  parse: parseMarkets,
  numbers: marketsNumbers,
})

export const ohlc = endpoint<OhlcParams, Parsed<Ohlcv>>({
  name: '/coins/{id}/ohlc',
  send: (sdk, { id, currency, days, interval }, options) =>
    sdk.coins.ohlc.get(id, { vs_currency: currency, days, precision, ...(interval ? { interval } : {}) }, options).asResponse(),
  parse: parseOhlc,
  numbers: ohlcNumbers,
})

export const ohlcRange = endpoint<OhlcRangeParams, Parsed<Ohlcv>>({
  name: '/coins/{id}/ohlc/range',
  send: (sdk, { id, currency, from, to, interval }, options) =>
    sdk.coins.ohlc
      .getRange(id, { vs_currency: currency, from: unixSeconds(from), to: unixSeconds(to), interval }, options)
      .asResponse(),
  parse: (body, params, seen) => parseOhlc(body, { ...params, days: 'max' }, seen),
  numbers: ohlcNumbers,
})

export const marketChart = endpoint<MarketChartParams, Parsed<Price>>({
  name: '/coins/{id}/market_chart',
  send: (sdk, { id, currency, days, interval }, options) =>
    sdk.coins.marketChart
      .get(id, { vs_currency: currency, days, precision, ...(interval ? { interval } : {}) }, options)
      .asResponse(),
  parse: parseMarketChart,
  numbers: marketChartNumbers,
})

export const marketChartRange = endpoint<MarketChartRangeParams, Parsed<Price>>({
  name: '/coins/{id}/market_chart/range',
  send: (sdk, { id, currency, from, to, interval }, options) => {
    const range = { from: unixSeconds(from), to: unixSeconds(to) }
    const query = { vs_currency: currency, ...range, precision, ...(interval ? { interval } : {}) } as const
    return sdk.coins.marketChart.getRange(id, query, options).asResponse()
  },
  parse: parseMarketChart,
  numbers: marketChartNumbers,
})

export const globalMarket = endpoint<GlobalParams, Parsed<MarketAnalytics>>({
  name: '/global',
  send: (sdk, _, options) => sdk.global.get(options).asResponse(),
  parse: parseGlobal,
  numbers: globalNumbers,
})

export const trendingSearches = endpoint<object, Parsed<Trending>>({
  name: '/search/trending',
  send: (sdk, _, options) => sdk.search.trending.get({}, options).asResponse(),
  parse: parseTrending,
  numbers: trendingNumbers,
})

export const search = endpoint<SearchParams, FoundCoins>({
  name: '/search',
  send: (sdk, { query }, options) => sdk.search.get({ query }, options).asResponse(),
  parse: parseSearch,
  numbers: searchNumbers,
})

export const coinsList = endpoint<object, Parsed<Instrument>>({
  name: '/coins/list',
  send: (sdk, _, options) => sdk.coins.list.get({}, options).asResponse(),
  parse: parseCoinsList,
  numbers: coinsListNumbers,
})

export const coin = endpoint<CoinParams, Parsed<Price>>({
  name: '/coins/{id}',
  send: (sdk, { id }, options) =>
    sdk.coins
      .getID(id, { localization: false, tickers: false, community_data: false, developer_data: false }, options)
      .asResponse(),
  parse: parseCoin,
  numbers: coinNumbers,
})

export const coinHistory = endpoint<CoinHistoryParams, Parsed<Price>>({
  name: '/coins/{id}/history',
  send: (sdk, { id, date }, options) => sdk.coins.history.get(id, { date, localization: false }, options).asResponse(),
  parse: parseCoinHistory,
  numbers: coinNumbers,
})

/** Endpoints that QiCore has no use for: none of their numbers are stored. */
export const UNUSED_ENDPOINTS = [
  '/key',
  '/coins/{id}/tickers',
  '/coins/categories',
  '/coins/categories/list',
  '/coins/{id}/contract/{address}/market_chart',
  '/asset_platforms',
  '/derivatives',
  '/derivatives/exchanges',
  '/derivatives/exchanges/list',
  '/derivatives/exchanges/{id}',
  '/exchanges',
  '/exchanges/list',
  '/exchanges/{id}',
  '/exchanges/{id}/tickers',
  '/exchanges/{id}/volume_chart',
  '/exchanges/{id}/status_updates',
  '/status_updates',
  '/events/countries',
  '/events/types',
  '/finance_platforms',
  '/finance_products',
  '/indexes',
  '/indexes/list',
  '/indexes/{market}/{id}',
  '/global/decentralized_finance_defi',
  '/exchange_rates',
  '/nfts/list',
  '/nfts/{id}',
  '/companies/public_treasury/{id}',
  '/simple/supported_vs_currencies',
] as const

/** Both plans read Unix seconds here. */
const unixSeconds = (time: number): string => String(Math.floor(Date.parse(formatTime(time)) / 1000))
