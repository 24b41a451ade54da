import type { RawRow } from '../reader.ts'

/** Statements under way at once before requests wait for one another. */
const AT_ONCE = 2

/** Requests that are alike but for their coin, and wait for the next statement. */
interface Waiting<L> {
  readonly like: L
  readonly coins: Map<string, PromiseWithResolvers<readonly RawRow[]>>
}

/**
 * Asks for the rows of single coins. While the database is at work for others, requests that are alike gather and go in one statement,
 * which begins after each of them came: so an answer shows all that was committed before its request.
 */
export class CoinRequests<L extends { readonly limit: number }> {
  readonly #ask: (coins: readonly string[], like: L) => Promise<readonly RawRow[]>
  readonly #waiting = new Map<string, Waiting<L>>()
  #busy = 0

  /** @param ask the rows of some coins with their `coin_id`, ordered by it: at most `limit` in all */
  constructor(ask: (coins: readonly string[], like: L) => Promise<readonly RawRow[]>) {
    this.#ask = ask
  }

  /** @param like what the request asks for beside its coin; `limit` is the most rows of one coin */
  rows(coin: string, like: L): Promise<readonly RawRow[]> {
    if (this.#busy < AT_ONCE) return this.#run(() => this.#ask([coin], like))
    const key = JSON.stringify(like)
    let waiting = this.#waiting.get(key)
    if (!waiting) {
      waiting = { like, coins: new Map() }
      this.#waiting.set(key, waiting)
    }
    let answer = waiting.coins.get(coin)
    if (!answer) {
      answer = Promise.withResolvers()
      waiting.coins.set(coin, answer)
    }
    return answer.promise
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++
    try {
      return await work()
    } finally {
      this.#busy--
      this.#next()
    }
  }

  #next(): void {
    for (const [key, waiting] of this.#waiting) {
      if (this.#busy >= AT_ONCE) return
      this.#waiting.delete(key)
      void this.#run(() => this.#answer(waiting))
    }
  }

  /** Each coin gets what its own statement would have given. */
  async #answer({ like, coins }: Waiting<L>): Promise<void> {
    try {
      const limit = like.limit * coins.size
      const rows = await this.#ask([...coins.keys()], { ...like, limit })
      if (rows.length === limit && coins.size > 1) {
        // One coin may have taken the room of others.
        for (const [coin, { resolve }] of coins) resolve(await this.#ask([coin], like))
        return
      }
      const byCoin = Map.groupBy(rows, ({ coin_id }) => coin_id)
      for (const [coin, { resolve }] of coins) resolve((byCoin.get(coin) ?? []).slice(0, like.limit))
    } catch (error) {
      for (const { reject } of coins.values()) reject(error)
    }
  }
}
