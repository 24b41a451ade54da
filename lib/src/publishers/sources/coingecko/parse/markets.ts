import { type ExactJson, type Price, price } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { arrayOf, decimalOf, objectOf, optionalDecimal, present, textOf, timeOf } from '../../shared/json.ts'

export interface MarketsParams {
  readonly currency: string
  /** Only these coins; else all, by capitalisation. */
  readonly ids?: readonly string[]
  /** First page: 1. */
  readonly page?: number
  /** At most 250. */
  readonly perPage?: number
}

const FIGURES = { market_cap: 'marketCap', total_volume: 'volume24h', price_change_percentage_24h: 'change24hPct' } as const

/**
 * `[{"id":"bitcoin","current_price":16951.52,"market_cap":…,"total_volume":…,"last_updated":"2023-01-08T16:49:40.132Z",…}]`: one
 * price a coin, at the time CoinGecko last updated it. A coin without a price (null) is refused.
 * @throws QiError BAD_DATA if it is no list
 */
export function parseMarkets(body: ExactJson, { currency }: MarketsParams, seen: Seen): Parsed<Price> {
  const out = new Collector<Price>(price)
  for (const [i, item] of arrayOf(body, 'coins/markets').entries())
    out.add(String(i), item, () => {
      const coin = objectOf(item, 'the coin')
      const figures = Object.entries(FIGURES).map(([name, property]) => [property, optionalDecimal(coin[name], name)])
      return {
        coinId: textOf(coin.id, 'id'),
        source: seen.source,
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
