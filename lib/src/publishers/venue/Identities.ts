import type { Trade } from '../../base/types/index.ts'

/** Ids remembered of one instrument, at least: more than the last trades of one call, which are 1000 at most. */
const REMEMBERED = 1024

/**
 * Keeps the repeats of a venue without numbers out of the stream: the two feeds of a twin, and the fetch after a cut, bring the same
 * trades. An id that is forgotten passes again, which the store's key makes one row.
 */
export class Identities {
  readonly #seen = new Map<string, { recent: Set<string>; older: Set<string> }>()

  fresh(trades: readonly Trade[]): readonly Trade[] {
    return trades.filter(({ coinId, tradeId }) => this.#isNew(coinId, tradeId))
  }

  #isNew(coinId: string, id: string): boolean {
    let seen = this.#seen.get(coinId)
    if (!seen) {
      seen = { recent: new Set(), older: new Set() }
      this.#seen.set(coinId, seen)
    }
    if (seen.recent.has(id) || seen.older.has(id)) return false
    seen.recent.add(id)
    if (seen.recent.size >= REMEMBERED) {
      seen.older = seen.recent
      seen.recent = new Set()
    }
    return true
  }
}
