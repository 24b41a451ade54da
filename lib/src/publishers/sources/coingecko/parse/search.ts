import { type ExactJson, errorMessage } from '../../../../base/types/index.ts'
import type { Refused } from '../../shared/collect.ts'
import { arrayOf, integerOf, objectOf, textOf } from '../../shared/json.ts'

export interface SearchParams {
  readonly query: string
}

/** A found coin. A symbol is no key: several coins may share one. */
export interface CoinMatch {
  readonly coinId: string
  readonly symbol: string
  readonly name: string
  /** Rank by capitalisation, from 1; absent for coins without one. */
  readonly marketCapRank?: number
}

export interface FoundCoins {
  readonly matches: readonly CoinMatch[]
  readonly rejected: readonly Refused[]
}

/**
 * `{"coins":[{"id":"bitcoin","name":"Bitcoin","symbol":"BTC","market_cap_rank":1,…}],"exchanges":[…],…}`, the best match first.
 * @throws QiError BAD_DATA if it is no such object
 */
export function parseSearch(body: ExactJson): FoundCoins {
  const matches: CoinMatch[] = []
  const rejected: Refused[] = []
  arrayOf(objectOf(body, 'search').coins, 'coins').forEach((item, i) => {
    try {
      const coin = objectOf(item, 'the coin')
      const rank = coin.market_cap_rank ?? null
      matches.push({
        coinId: textOf(coin.id, 'id'),
        symbol: textOf(coin.symbol, 'symbol'),
        name: textOf(coin.name, 'name'),
        ...(rank === null ? {} : { marketCapRank: integerOf(rank, 'market_cap_rank') }),
      })
    } catch (error) {
      rejected.push({ paths: [`coins.${i}`], reason: errorMessage(error), original: JSON.stringify(item) })
    }
  })
  return { matches, rejected }
}
