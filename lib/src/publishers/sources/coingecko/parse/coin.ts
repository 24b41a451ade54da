import { type ExactJson, type Micros, type Price, price } from '../../../../base/index.ts'
import type { Numbers } from './numbers.ts'
import {
  Collector,
  decimalOf,
  isObject,
  objectOf,
  optionalDecimal,
  type Parsed,
  present,
  type Seen,
  SOURCE,
  textOf,
  timeOf,
} from './parsed.ts'

export interface CoinParams {
  readonly id: string
  readonly currencies: readonly string[]
}

export interface CoinHistoryParams extends CoinParams {
  /** A day in UTC, `2025-12-30`; the figures are those of its first moment. */
  readonly date: string
}

const FIGURES = {
  market_cap: 'marketCap',
  total_volume: 'volume24h',
  price_change_percentage_24h_in_currency: 'change24hPct',
} as const

/**
 * `coins/{id}`: `{"id":"bitcoin","market_data":{"current_price":{"usd":…},"market_cap":{"usd":…},…},"last_updated":"…",…}`: one price
 * a currency asked for.
 * @throws QiError BAD_DATA when it is no such object
 */
export const parseCoin = (body: ExactJson, params: CoinParams, seen: Seen): Parsed<Price> =>
  parseMarketData(body, params, seen, (coin) => timeOf(coin.last_updated, 'last_updated'))

/**
 * `coins/{id}/history`: as `coins/{id}`, without a stamp of its own. A coin that was not yet known on that day has no market data.
 * @throws QiError BAD_DATA when it is no such object
 */
export const parseCoinHistory = (body: ExactJson, params: CoinHistoryParams, seen: Seen): Parsed<Price> =>
  parseMarketData(body, params, seen, () => timeOf(`${params.date}T00:00:00Z`, 'date'))

function parseMarketData(
  body: ExactJson,
  { currencies }: CoinParams,
  seen: Seen,
  timeIn: (coin: { readonly [key: string]: ExactJson }) => Micros,
): Parsed<Price> {
  const coin = objectOf(body, 'the coin')
  const out = new Collector<Price>(price)
  for (const currency of currencies)
    out.add(`market_data.*.${currency}`, currency, () => {
      const data = objectOf(coin.market_data, 'market_data')
      const figure = (name: string) => (isObject(data[name]) ? data[name][currency] : undefined)
      const figures = Object.entries(FIGURES).map(([name, property]) => [
        property,
        optionalDecimal(figure(name), `${name}.${currency}`),
      ])
      return {
        coinId: textOf(coin.id, 'id'),
        source: SOURCE,
        currency,
        time: timeIn(coin),
        receivedAt: seen.receivedAt,
        origin: seen.origin,
        price: decimalOf(figure('current_price'), `current_price.${currency}`),
        ...present(Object.fromEntries(figures) as Partial<Price>),
      }
    })
  return out.done()
}

export const coinNumbers = ({ currencies }: CoinParams): Numbers => ({
  stored: Object.fromEntries(
    currencies.flatMap((currency) => [
      [`market_data.current_price.${currency}`, 'price'],
      ...Object.entries(FIGURES).map(([name, property]) => [`market_data.${name}.${currency}`, property]),
    ]),
  ),
  unused: [
    'block_time_in_minutes',
    'detail_platforms.*.decimal_place',
    'sentiment_votes_up_percentage',
    'sentiment_votes_down_percentage',
    'watchlist_portfolio_users',
    'market_cap_rank',
    'market_cap_rank_with_rehypothecated',
    'coingecko_rank',
    'coingecko_score',
    'developer_score',
    'community_score',
    'liquidity_score',
    'public_interest_score',
    'links.**',
    'ico_data.**',
    'community_data.**',
    'developer_data.**',
    'public_interest_stats.**',
    'status_updates.**',
    'tickers.**',
    'market_data.current_price.*',
    'market_data.market_cap.*',
    'market_data.total_volume.*',
    'market_data.total_value_locked.*',
    'market_data.total_value_locked',
    'market_data.mcap_to_tvl_ratio',
    'market_data.fdv_to_tvl_ratio',
    'market_data.roi.*',
    'market_data.ath.*',
    'market_data.ath_change_percentage.*',
    'market_data.atl.*',
    'market_data.atl_change_percentage.*',
    'market_data.market_cap_rank',
    'market_data.market_cap_rank_with_rehypothecated',
    'market_data.fully_diluted_valuation.*',
    'market_data.market_cap_fdv_ratio',
    'market_data.high_24h.*',
    'market_data.low_24h.*',
    'market_data.price_change_24h',
    'market_data.price_change_percentage_24h',
    'market_data.price_change_percentage_7d',
    'market_data.price_change_percentage_14d',
    'market_data.price_change_percentage_30d',
    'market_data.price_change_percentage_60d',
    'market_data.price_change_percentage_200d',
    'market_data.price_change_percentage_1y',
    'market_data.market_cap_change_24h',
    'market_data.market_cap_change_percentage_24h',
    'market_data.price_change_24h_in_currency.*',
    'market_data.price_change_percentage_1h_in_currency.*',
    'market_data.price_change_percentage_24h_in_currency.*',
    'market_data.price_change_percentage_7d_in_currency.*',
    'market_data.price_change_percentage_14d_in_currency.*',
    'market_data.price_change_percentage_30d_in_currency.*',
    'market_data.price_change_percentage_60d_in_currency.*',
    'market_data.price_change_percentage_200d_in_currency.*',
    'market_data.price_change_percentage_1y_in_currency.*',
    'market_data.market_cap_change_24h_in_currency.*',
    'market_data.market_cap_change_percentage_24h_in_currency.*',
    'market_data.total_supply',
    'market_data.max_supply',
    'market_data.circulating_supply',
    'market_data.outstanding_supply',
  ],
})
