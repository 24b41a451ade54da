import { type Price, price } from '../../base/types/index.ts'
import type { TimescaleDBDSL } from './TimescaleDBMCPWrapper.ts'

const PAGE = 100
const MOST_PAGES = 20

export interface Among {
  readonly currency: string
  readonly source?: string | undefined
  readonly top: number
}

/** The stored coins with the largest capitalisation; by name where none is known. Where nothing is stored in the currency: of all currencies, as exchanges have. */
export async function largestCoins(
  store: Pick<TimescaleDBDSL, 'latestPrices'>,
  { currency, source, top }: Among,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const of = source === undefined ? {} : { sources: [source] }
  const found = await pricesOf(store, { ...of, currencies: [currency] }, signal)
  const all = found.length > 0 ? found : await pricesOf(store, of, signal)
  const size = ({ marketCap }: Price) => Number(marketCap ?? 0)
  const largest = all.toSorted((a, b) => size(b) - size(a) || (a.coinId < b.coinId ? -1 : 1))
  return [...new Set(largest.map(({ coinId }) => coinId))].slice(0, top)
}

async function pricesOf(
  store: Pick<TimescaleDBDSL, 'latestPrices'>,
  of: { readonly sources?: string[]; readonly currencies?: string[] },
  signal: AbortSignal,
): Promise<readonly Price[]> {
  const query = { ...of, limit: PAGE }
  const found: Price[] = []
  for (let page = 0, after: string | undefined; page < MOST_PAGES; page++) {
    const { items, next } = await store.latestPrices({ ...query, ...(after !== undefined && { after }) }, { signal })
    found.push(...items.map((item) => price.fromWire(item)))
    if (next === undefined) break
    after = next
  }
  return found
}
