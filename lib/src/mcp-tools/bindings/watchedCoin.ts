/** A coin of a watch list: `bitcoin`, `BTC/USDT`, or with its source `binance:BTC/USDT`. */
export interface WatchedCoin {
  readonly coin: string
  readonly source?: string
  /** The currency of its figures; absent for a pair, which has its own. */
  readonly currency?: string
}

/** Sources are lower case; the colon of `BTC/USDT:USDT` and `AAPL:XNAS` is behind capitals. */
const WITH_SOURCE = /^([a-z0-9][a-z0-9._-]{0,62}):(.+)$/

/** Reads an entry of a watch list. @param preset source and currency where the entry has none of its own */
export function watchedCoin(
  entry: string,
  { source, currency }: { readonly source?: string | undefined; readonly currency: string },
): WatchedCoin {
  const [, named, rest] = WITH_SOURCE.exec(entry) ?? []
  const coin = rest ?? entry
  const of = named ?? source
  return { coin, ...(of !== undefined && { source: of }), ...(!coin.includes('/') && { currency }) }
}
