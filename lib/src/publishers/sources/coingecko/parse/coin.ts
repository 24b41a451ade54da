import { type ExactJson, type Micros, type Price, price } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { decimalOf, isObject, objectOf, optionalDecimal, present, textOf, timeOf } from '../../shared/json.ts'

export interface CoinParams {
  readonly id: string
  readonly currencies: readonly string[]
}

export interface CoinHistoryParams extends CoinParams {
  /** A day in UTC, `2025-12-30`; with the figures of its first moment. */
  readonly date: string
}

const FIGURES = {
  market_cap: 'marketCap',
  total_volume: 'volume24h',
  price_change_percentage_24h_in_currency: 'change24hPct',
} as const

/**
 * `coins/{id}`: `{"id":"bitcoin","market_data":{"current_price":{"usd":…},"market_cap":{"usd":…},…},"last_updated":"…",…}`: one price
 * for each requested currency.
 * @throws QiError BAD_DATA if it is no such object
 */
export const parseCoin = (body: ExactJson, params: CoinParams, seen: Seen): Parsed<Price> =>
  parseMarketData(body, params, seen, (coin) => timeOf(coin.last_updated, 'last_updated'))

/**
 * `coins/{id}/history`: as `coins/{id}`, without a timestamp. A coin that was unknown on that day has no market data.
 * @throws QiError BAD_DATA if it is no such object
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
        source: seen.source,
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
