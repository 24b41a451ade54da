import { type ExactJson, type Price, price } from '../../../../base/index.ts'
import type { Numbers } from './numbers.ts'
import {
  arrayOf,
  Collector,
  decimalOf,
  objectOf,
  optionalDecimal,
  type Parsed,
  present,
  type Seen,
  SOURCE,
  textOf,
  timeOf,
} from './parsed.ts'

export interface MarketsParams {
  readonly currency: string
  /** Only these coins; else all, by capitalisation. */
  readonly ids?: readonly string[]
  /** From 1. */
  readonly page?: number
  /** At most 250. */
  readonly perPage?: number
}

const FIGURES = { market_cap: 'marketCap', total_volume: 'volume24h', price_change_percentage_24h: 'change24hPct' } as const

/**
 * `[{"id":"bitcoin","current_price":16951.52,"market_cap":…,"total_volume":…,"last_updated":"2023-01-08T16:49:40.132Z",…}]`: one
 * price a coin, at the time CoinGecko last updated it. A coin without a price (null) is refused.
 * @throws QiError BAD_DATA when it is no list
 */
export function parseMarkets(body: ExactJson, { currency }: MarketsParams, seen: Seen): Parsed<Price> {
  const out = new Collector<Price>(price)
  for (const [i, item] of arrayOf(body, 'coins/markets').entries())
    out.add(String(i), item, () => {
      const coin = objectOf(item, 'the coin')
      const figures = Object.entries(FIGURES).map(([name, property]) => [property, optionalDecimal(coin[name], name)])
      return {
        coinId: textOf(coin.id, 'id'),
        source: SOURCE,
        currency,
        time: timeOf(coin.last_updated, 'last_updated'),
        receivedAt: seen.receivedAt,
        origin: seen.origin,
        price: decimalOf(coin.current_price, 'current_price'),
        ...present(Object.fromEntries(figures) as Partial<Price>),
      }
    })
  return out.done()
}

export const marketsNumbers = (): Numbers => ({
  stored: {
    '*.current_price': 'price',
    ...Object.fromEntries(Object.entries(FIGURES).map(([name, property]) => [`*.${name}`, property])),
  },
  unused: [
    '*.market_cap_rank',
    '*.market_cap_rank_with_rehypothecated',
    '*.fully_diluted_valuation',
    '*.high_24h',
    '*.low_24h',
    '*.price_change_24h',
    '*.market_cap_change_24h',
    '*.market_cap_change_percentage_24h',
    '*.circulating_supply',
    '*.total_supply',
    '*.max_supply',
    '*.ath',
    '*.ath_change_percentage',
    '*.atl',
    '*.atl_change_percentage',
    '*.roi.times',
    '*.roi.percentage',
    '*.sparkline_in_7d.price.*',
    '*.price_change_percentage_1h_in_currency',
    '*.price_change_percentage_24h_in_currency',
    '*.price_change_percentage_7d_in_currency',
    '*.price_change_percentage_14d_in_currency',
    '*.price_change_percentage_30d_in_currency',
    '*.price_change_percentage_200d_in_currency',
    '*.price_change_percentage_1y_in_currency',
  ],
})
