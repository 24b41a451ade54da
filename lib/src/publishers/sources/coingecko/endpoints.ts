import type { Coingecko } from '@coingecko/coingecko-typescript'
import {
  type ExactJson,
  formatTime,
  type Instrument,
  type MarketAnalytics,
  type Ohlcv,
  type Price,
  type Trending,
} from '../../../base/types/index.ts'
import type { Parsed, Seen } from '../shared/collect.ts'
import { type CoinHistoryParams, type CoinParams, parseCoin, parseCoinHistory } from './parse/coin.ts'
import { parseCoinsList } from './parse/coinsList.ts'
import { type GlobalParams, parseGlobal } from './parse/global.ts'
import { type MarketChartParams, type MarketChartRangeParams, parseMarketChart } from './parse/marketChart.ts'
import { type MarketsParams, parseMarkets } from './parse/markets.ts'
import { type OhlcParams, type OhlcRangeParams, parseOhlc } from './parse/ohlc.ts'
import { type FoundCoins, parseSearch, type SearchParams } from './parse/search.ts'
import { parseSimplePrice, type SimplePriceParams } from './parse/simplePrice.ts'
import { parseTrending } from './parse/trending.ts'

export interface SendOptions {
  readonly signal: AbortSignal
}

/** An endpoint of the API: how to call it, and how to parse its body. */
export interface Endpoint<P, T> {
  readonly name: string
  send(sdk: Coingecko, params: P, options: SendOptions): Promise<Response>
  /** Pure. @throws QiError BAD_DATA if the body has another shape */
  parse(body: ExactJson, params: P, seen: Seen): T
}

const endpoint = <P, T>(definition: Endpoint<P, T>): Endpoint<P, T> => definition

/** All digits that CoinGecko has, instead of rounded ones. */
const precision = 'full'

export const ping = endpoint<object, undefined>({
  name: '/ping',
  send: (sdk, _, options) => sdk.ping.get(options).asResponse(),
  parse: () => undefined,
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
})

export const ohlc = endpoint<OhlcParams, Parsed<Ohlcv>>({
  name: '/coins/{id}/ohlc',
  send: (sdk, { id, currency, days, interval }, options) =>
    sdk.coins.ohlc.get(id, { vs_currency: currency, days, precision, ...(interval ? { interval } : {}) }, options).asResponse(),
  parse: parseOhlc,
})

export const ohlcRange = endpoint<OhlcRangeParams, Parsed<Ohlcv>>({
  name: '/coins/{id}/ohlc/range',
  send: (sdk, { id, currency, from, to, interval }, options) =>
    sdk.coins.ohlc
      .getRange(id, { vs_currency: currency, from: unixSeconds(from), to: unixSeconds(to), interval }, options)
      .asResponse(),
  parse: (body, params, seen) => parseOhlc(body, { ...params, days: 'max' }, seen),
})

export const marketChart = endpoint<MarketChartParams, Parsed<Price>>({
  name: '/coins/{id}/market_chart',
  send: (sdk, { id, currency, days, interval }, options) =>
    sdk.coins.marketChart
      .get(id, { vs_currency: currency, days, precision, ...(interval ? { interval } : {}) }, options)
      .asResponse(),
  parse: parseMarketChart,
})

export const marketChartRange = endpoint<MarketChartRangeParams, Parsed<Price>>({
  name: '/coins/{id}/market_chart/range',
  send: (sdk, { id, currency, from, to, interval }, options) => {
    const range = { from: unixSeconds(from), to: unixSeconds(to) }
    const query = { vs_currency: currency, ...range, precision, ...(interval ? { interval } : {}) } as const
    return sdk.coins.marketChart.getRange(id, query, options).asResponse()
  },
  parse: parseMarketChart,
})

export const globalMarket = endpoint<GlobalParams, Parsed<MarketAnalytics>>({
  name: '/global',
  send: (sdk, _, options) => sdk.global.get(options).asResponse(),
  parse: parseGlobal,
})

export const trendingSearches = endpoint<object, Parsed<Trending>>({
  name: '/search/trending',
  send: (sdk, _, options) => sdk.search.trending.get({}, options).asResponse(),
  parse: parseTrending,
})

export const search = endpoint<SearchParams, FoundCoins>({
  name: '/search',
  send: (sdk, { query }, options) => sdk.search.get({ query }, options).asResponse(),
  parse: parseSearch,
})

export const coinsList = endpoint<object, Parsed<Instrument>>({
  name: '/coins/list',
  send: (sdk, _, options) => sdk.coins.list.get({}, options).asResponse(),
  parse: parseCoinsList,
})

export const coin = endpoint<CoinParams, Parsed<Price>>({
  name: '/coins/{id}',
  send: (sdk, { id }, options) =>
    sdk.coins
      .getID(id, { localization: false, tickers: false, community_data: false, developer_data: false }, options)
      .asResponse(),
  parse: parseCoin,
})

export const coinHistory = endpoint<CoinHistoryParams, Parsed<Price>>({
  name: '/coins/{id}/history',
  send: (sdk, { id, date }, options) => sdk.coins.history.get(id, { date, localization: false }, options).asResponse(),
  parse: parseCoinHistory,
})

/** Every plan takes Unix seconds here. */
const unixSeconds = (time: number): string => String(Math.floor(Date.parse(formatTime(time)) / 1000))
