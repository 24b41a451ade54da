import { type ExactJson, type Price, price } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Refused, type Seen } from '../../shared/collect.ts'
import { decimalOf, isObject, type JsonObject, objectOf, optionalDecimal, present, secondsOf } from '../../shared/json.ts'

export interface SimplePriceParams {
  readonly ids: readonly string[]
  readonly currencies: readonly string[]
}

/** Suffixes of a currency in the names of figures. */
const FIGURES = { _market_cap: 'marketCap', _24h_vol: 'volume24h', _24h_change: 'change24hPct' } as const
const STAMP = 'last_updated_at'

/**
 * `{"bitcoin":{"usd":49357,"usd_market_cap":…,"usd_24h_vol":…,"usd_24h_change":…,"last_updated_at":1621089594}}`: one price for each
 * coin and currency. Older servers leave the timestamp out although it was requested: then the time of receipt is used, when the price
 * was current.
 * @throws QiError BAD_DATA if it is no such object
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
    if (!params.currencies.some((currency) => Object.hasOwn(entry, currency)))
      out.refuse(coinId, entry, `CoinGecko gives no prices of the coin ${coinId}`, `coin ${coinId}`)
    else
      for (const currency of params.currencies)
        if (!Object.hasOwn(entry, currency)) {
          const asked = `price of ${coinId} in ${currency}`
          out.refuse(`${coinId}.${currency}`, null, `CoinGecko gives no ${asked}`, asked)
        }
  }
  return out.done()
}

/**
 * The refusals of an answer, including the coins that it leaves out. A currency without any price is one refusal.
 * @param rejected refusals of the body itself
 */
export function withUnknown(
  records: readonly Price[],
  rejected: readonly Refused[],
  { ids, currencies }: SimplePriceParams,
): readonly Refused[] {
  const answered = new Set([
    ...records.map(({ coinId }) => coinId),
    ...rejected.map(({ paths: [path = ''] }) => ids.find((id) => path === id || path.startsWith(`${id}.`))),
  ])
  const priced = new Set(records.map(({ currency }) => currency))
  const emptied = rejected.filter(({ asked }) => asked?.startsWith('coin '))
  // If several coins have no price, the currency is probably unknown.
  const allEmptied = records.length === 0 && emptied.length > 1
  const unknown = records.length > 0 || allEmptied ? currencies.filter((currency) => !priced.has(currency)) : []
  const ofUnknown = (one: Refused) =>
    (allEmptied && emptied.includes(one)) || unknown.some((currency) => one.asked?.endsWith(` in ${currency}`))
  const left = rejected.filter((one) => !ofUnknown(one))
  // A price that cannot be parsed does not mean an unknown currency.
  const without = unknown.filter((currency) => !left.some(({ paths }) => paths.some((path) => path.endsWith(`.${currency}`))))
  return [
    ...left,
    ...without.map((currency) => ({
      paths: [],
      reason: `CoinGecko gives no prices in the currency ${currency}`,
      original: JSON.stringify(currency),
      asked: `currency ${currency}`,
    })),
    ...ids
      .filter((id) => !answered.has(id))
      .map((id) => ({
        paths: [],
        reason: `CoinGecko knows no coin with the id ${id}`,
        original: JSON.stringify(id),
        asked: `coin ${id}`,
      })),
  ]
}

function priceOf(coinId: string, currency: string, entry: JsonObject, seen: Seen): Price {
  const figures = Object.entries(FIGURES).map(([suffix, property]) => [
    property,
    optionalDecimal(entry[currency + suffix], currency + suffix),
  ])
  return {
    coinId,
    source: seen.source,
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
