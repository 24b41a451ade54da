import { type ExactJson, type MarketAnalytics, marketAnalytics } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { decimalOf, integerOf, objectOf, optionalDecimal, present, secondsOf } from '../../shared/json.ts'

export interface GlobalParams {
  readonly currencies: readonly string[]
}

/** CoinGecko gives this change in dollars only. */
const CHANGE = 'market_cap_change_percentage_24h_usd'

/**
 * `{"data":{"active_cryptocurrencies":12695,"markets":628,"total_market_cap":{"usd":…},"total_volume":{"usd":…},
 * "market_cap_percentage":{"btc":37.9,"eth":17.7},"updated_at":1673196568,…}}`: one record for each requested currency.
 * @throws QiError BAD_DATA if it is no such object
 */
export function parseGlobal(body: ExactJson, { currencies }: GlobalParams, seen: Seen): Parsed<MarketAnalytics> {
  const data = objectOf(objectOf(body, 'global').data, 'data')
  const out = new Collector<MarketAnalytics>(marketAnalytics)
  const totals = objectOf(data.total_market_cap, 'total_market_cap')
  for (const currency of currencies) {
    if (!Object.hasOwn(totals, currency)) {
      out.refuse(`data.*.${currency}`, null, `CoinGecko gives no market figures in ${currency}`, `market figures in ${currency}`)
      continue
    }
    out.add(`data.*.${currency}`, currency, () => {
      const share = objectOf(data.market_cap_percentage, 'market_cap_percentage')
      const record = {
        source: seen.source,
        time: secondsOf(data.updated_at, 'updated_at'),
        receivedAt: seen.receivedAt,
        origin: seen.origin,
        currency,
        totalMarketCap: decimalOf(totals[currency], `total_market_cap.${currency}`),
        totalVolume24h: decimalOf(objectOf(data.total_volume, 'total_volume')[currency], `total_volume.${currency}`),
        btcDominance: decimalOf(share.btc, 'market_cap_percentage.btc'),
        ethDominance: decimalOf(share.eth, 'market_cap_percentage.eth'),
        activeCoins: integerOf(data.active_cryptocurrencies, 'active_cryptocurrencies'),
        markets: integerOf(data.markets, 'markets'),
      }
      return {
        ...record,
        ...present({ change24hPct: currency === 'usd' ? optionalDecimal(data[CHANGE], CHANGE) : undefined }),
      } as MarketAnalytics
    })
  }
  return out.done()
}
