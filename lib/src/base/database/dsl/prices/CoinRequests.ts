import type { RawRow } from '../../reading/RowReader.ts'

/** Statements that run at once; further requests wait and share the next one. */
const AT_ONCE = 2

/** Requests that differ only in their coin, and wait for the next statement. */
interface Waiting<L> {
  readonly like: L
  readonly coins: Map<string, PromiseWithResolvers<readonly RawRow[]>>
}

/**
 * Batches requests for the rows of single coins: while statements are running, requests that differ only in their coin wait and go
 * into one statement. It starts after each of its requests, so an answer shows everything committed before the request.
 */
export class CoinRequests<L extends { readonly limit: number }> {
  readonly #ask: (coins: readonly string[], like: L) => Promise<readonly RawRow[]>
  readonly #waiting = new Map<string, Waiting<L>>()
  #busy = 0

  /** @param ask gives the rows of some coins with their `coin_id`, ordered by it: at most `limit` in all */
  constructor(ask: (coins: readonly string[], like: L) => Promise<readonly RawRow[]>) {
    this.#ask = ask
  }

  /** The rows of a coin. @param like the request without its coin; `limit` is the most rows of one coin */
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

  /** Runs one statement for all waiting coins; each gets the rows that a statement of its own would give. */
  async #answer({ like, coins }: Waiting<L>): Promise<void> {
    try {
      const limit = like.limit * coins.size
      const rows = await this.#ask([...coins.keys()], { ...like, limit })
      if (rows.length === limit && coins.size > 1) {
        // The limit was reached: one coin may have taken the rows of others.
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
