import { largestCoins } from '../../../mcp-tools/bindings/largestCoins.ts'
import type { CryptoCarriers } from './carriers.ts'
import { fetchMarket } from './fetchMarket.ts'
import { unlessNotFound } from './notFound.ts'
import type { Fetched, Market, Snapshot, Unseen } from './report.ts'
import type { MarketSettings } from './settings.ts'
import { snapshotOf } from './snapshot.ts'

const NOTHING: Fetched = { from: null, prices: 0, candles: 0, market: 0, stored: true, problems: [] }

/** The verbs of a crypto market: fetch it, examine a coin, examine the whole. Each agent has its own carriers. */
export class CryptoDSL {
  readonly write: CryptoCarriers['write']
  readonly #carriers: CryptoCarriers
  readonly #settings: MarketSettings

  constructor(carriers: CryptoCarriers, settings: MarketSettings) {
    this.#carriers = carriers
    this.#settings = settings
    this.write = carriers.write
  }

  /** The watched coins: the configured ones, else the largest stored ones. */
  async coins(signal: AbortSignal): Promise<readonly string[]> {
    return this.#settings.coins ?? largestCoins(this.#carriers.store, this.#settings, signal)
  }

  /** Fetches from the provider and publishes the records. The result names the provider's failures; stored records are used all the same. */
  async fetch(coins: readonly string[], signal: AbortSignal): Promise<Fetched> {
    const { provider } = this.#carriers
    return provider && coins.length > 0 ? fetchMarket(provider, this.#carriers, coins, this.#settings, signal) : NOTHING
  }

  snapshot(coin: string, signal: AbortSignal): Promise<Snapshot | Unseen> {
    return snapshotOf(this.#carriers.store, coin, this.#settings, signal)
  }

  async market(signal: AbortSignal): Promise<Market> {
    const { store } = this.#carriers
    const { currency, source } = this.#settings
    const one = source === undefined ? {} : { source }
    const { breadth, gainers, losers } = await store.summary(
      { currencies: [currency], ...(source !== undefined && { sources: [source] }), movers: 3 },
      { signal },
    )
    const mood = await store.sentiment({ currency, ...one }, { signal }).catch(unlessNotFound)
    return {
      breadth,
      gainers,
      losers,
      ...(mood && { sentiment: { score: mood.score, reading: mood.reading, parts: mood.parts, missing: mood.missing } }),
    }
  }
}
