import { type ExactJson, errorMessage } from '../../../../base/index.ts'
import type { Refused } from '../../shared/collect.ts'
import { arrayOf, integerOf, objectOf, textOf } from '../../shared/json.ts'

export interface SearchParams {
  readonly query: string
}

/** A coin that a search found. A symbol is no key: many coins may share one. */
export interface CoinMatch {
  readonly coinId: string
  readonly symbol: string
  readonly name: string
  /** Its place by capitalisation, 1 the first; absent for coins that have none. */
  readonly marketCapRank?: number
}

export interface FoundCoins {
  readonly matches: readonly CoinMatch[]
  readonly rejected: readonly Refused[]
}

/**
 * `{"coins":[{"id":"bitcoin","name":"Bitcoin","symbol":"BTC","market_cap_rank":1,…}],"exchanges":[…],…}`, the best match first.
 * @throws QiError BAD_DATA when it is no such object
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
