import type { AgentParts } from '../../../base/index.ts'
import { largestCoins } from '../../../mcp-tools/bindings/largestCoins.ts'
import type { TimescaleDBDSL } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import type { CoinGeckoVerbs } from '../../sources/coingecko/index.ts'
import { fetchMarket } from './fetchMarket.ts'
import { unlessNotFound } from './notFound.ts'
import type { Fetched, Market, Snapshot, Unseen } from './report.ts'
import type { MarketSettings } from './settings.ts'
import { snapshotOf } from './snapshot.ts'

/** What carries the verbs out. */
export interface CryptoCarriers {
  /** Asks the provider of new figures; absent where only what is stored is looked at. */
  readonly provider?: { readonly name: string; readonly verbs: CoinGeckoVerbs } | undefined
  readonly store: TimescaleDBDSL
  /** Where records go. */
  readonly write: AgentParts['publish']
}

const NOTHING: Fetched = { from: null, prices: 0, candles: 0, market: 0, stored: true, problems: [] }

/** The verbs of a crypto market: fetch it, look at a coin, look at the whole. Agents differ in what carries them out. */
export class CryptoDSL {
  readonly write: CryptoCarriers['write']
  readonly #carriers: CryptoCarriers
  readonly #settings: MarketSettings

  constructor(carriers: CryptoCarriers, settings: MarketSettings) {
    this.#carriers = carriers
    this.#settings = settings
    this.write = carriers.write
  }

  /** The coins that are watched: the named ones, or the largest that are stored. */
  async coins(signal: AbortSignal): Promise<readonly string[]> {
    return this.#settings.coins ?? largestCoins(this.#carriers.store, this.#settings, signal)
  }

  /** Asks the provider and writes what it gives. A provider that fails is told of; what is stored is there still. */
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
