import { compareDecimals, type Decimal, type Quote, subtractDecimals } from '../../../types/index.ts'
import type { BestSpread, VenueSpread } from './results.ts'

/** Basis points of the price between a bid and an ask; undefined if that is not above 0. */
export function basisPoints(difference: Decimal, bid: Decimal, ask: Decimal): number | undefined {
  const middle = (Number(bid) + Number(ask)) / 2
  return middle > 0 ? (Number(difference) / middle) * 10_000 : undefined
}

/** The spread of a quote. @param stale true if it is too old to count */
export function spreadOf(quote: Quote, ageSeconds: number, stale: boolean): VenueSpread {
  const spread = subtractDecimals(quote.ask, quote.bid)
  const spreadBps = basisPoints(spread, quote.bid, quote.ask)
  return { quote, spread, ...(spreadBps !== undefined && { spreadBps }), ageSeconds, stale }
}

/** Quote currencies that `like` compares as one. */
export const LIKE_CURRENCIES: readonly string[] = ['USD', 'USDT']

/** The best of the venues that are not stale, of each currency. @param like true to count {@link LIKE_CURRENCIES} as one currency */
export function bestOf(venues: readonly VenueSpread[], like: boolean): readonly BestSpread[] {
  const fresh = venues.filter(({ stale }) => !stale).map(({ quote }) => quote)
  const groups = Map.groupBy(fresh, ({ currency }) =>
    like && LIKE_CURRENCIES.includes(currency) ? LIKE_CURRENCIES[0] : currency,
  )
  return [...groups.values()].flatMap((quotes) => bestAmong(quotes) ?? [])
}

function bestAmong(quotes: readonly Quote[]): BestSpread | undefined {
  // A side without units is no offer.
  const bid = best(
    quotes.filter(({ bidSize }) => bidSize !== '0'),
    'bid',
    1,
  )
  const ask = best(
    quotes.filter(({ askSize }) => askSize !== '0'),
    'ask',
    -1,
  )
  if (!bid || !ask) return undefined
  const difference = subtractDecimals(bid.bid, ask.ask)
  const differenceBps = basisPoints(difference, bid.bid, ask.ask)
  const currencies = [...new Set(quotes.map(({ currency }) => currency))].sort()
  return { currencies, venues: quotes.length, bid, ask, difference, ...(differenceBps !== undefined && { differenceBps }) }
}

/** The quote with the greatest (1) or least (-1) figure; of equal ones the newest. */
function best(quotes: readonly Quote[], side: 'bid' | 'ask', sign: 1 | -1): Quote | undefined {
  return quotes.toSorted((a, b) => sign * compareDecimals(b[side], a[side]) || b.time - a.time)[0]
}
