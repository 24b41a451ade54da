import { type ExactJson, type Price, price } from '../../../../base/index.ts'
import type { Numbers } from './numbers.ts'
import {
  Collector,
  decimalOf,
  isObject,
  type JsonObject,
  objectOf,
  optionalDecimal,
  type Parsed,
  present,
  type Seen,
  SOURCE,
  secondsOf,
} from './parsed.ts'

export interface SimplePriceParams {
  readonly ids: readonly string[]
  readonly currencies: readonly string[]
}

/** What follows the currency in the name of a figure. */
const FIGURES = { _market_cap: 'marketCap', _24h_vol: 'volume24h', _24h_change: 'change24hPct' } as const
const STAMP = 'last_updated_at'

/**
 * `{"bitcoin":{"usd":49357,"usd_market_cap":…,"usd_24h_vol":…,"usd_24h_change":…,"last_updated_at":1621089594}}`: one price a coin
 * and currency. Older servers leave the stamp out even where it was asked for: the time is then that of the receipt, which is when
 * the price was the current one.
 * @throws QiError BAD_DATA when it is no such object
 */
export function parseSimplePrice(body: ExactJson, params: SimplePriceParams, seen: Seen): Parsed<Price> {
  const out = new Collector<Price>(price)
  for (const [coinId, entry] of Object.entries(objectOf(body, 'simple/price'))) {
    if (!isObject(entry)) {
      out.refuse(coinId, entry, `${coinId} is no object of prices`)
      continue
    }
    for (const currency of currenciesIn(entry)) {
      const part = Object.fromEntries(Object.entries(entry).filter(([name]) => name === currency || ofCurrency(name, currency)))
      const paths = [...Object.keys(part), STAMP].map((name) => `${coinId}.${name}`)
      if (!params.currencies.includes(currency)) out.refuse(paths, part, `${currency} was not asked for`)
      else out.add(paths, part, () => priceOf(coinId, currency, entry, seen))
    }
    for (const currency of params.currencies)
      if (!Object.hasOwn(entry, currency))
        out.refuse(`${coinId}.${currency}`, null, `CoinGecko gives no price of ${coinId} in ${currency}`)
  }
  return out.done()
}

function priceOf(coinId: string, currency: string, entry: JsonObject, seen: Seen): Price {
  const figures = Object.entries(FIGURES).map(([suffix, property]) => [
    property,
    optionalDecimal(entry[currency + suffix], currency + suffix),
  ])
  return {
    coinId,
    source: SOURCE,
    currency,
    time: STAMP in entry ? secondsOf(entry[STAMP], STAMP) : seen.receivedAt,
    receivedAt: seen.receivedAt,
    origin: seen.origin,
    price: decimalOf(entry[currency], currency),
    ...present(Object.fromEntries(figures) as Partial<Price>),
  }
}

const ofCurrency = (name: string, currency: string): boolean => Object.keys(FIGURES).some((suffix) => name === currency + suffix)

const currenciesIn = (entry: JsonObject): string[] =>
  Object.keys(entry).filter((name) => name !== STAMP && !Object.keys(FIGURES).some((suffix) => name.endsWith(suffix)))

export const simplePriceNumbers = ({ currencies }: SimplePriceParams): Numbers => ({
  stored: {
    [`*.${STAMP}`]: 'time',
    ...Object.fromEntries(
      currencies.flatMap((currency) => [
        [`*.${currency}`, 'price'],
        ...Object.entries(FIGURES).map(([suffix, property]) => [`*.${currency}${suffix}`, property]),
      ]),
    ),
  },
  unused: [],
})
