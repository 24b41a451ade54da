import type { Micros, Span, Trade } from '../../../base/types/index.ts'
import type { Parsed } from '../shared/collect.ts'

/** Fetches the latest trades, or those from a time on where the exchange can. */
export type FetchTrades = (since?: Micros) => Promise<Parsed<Trade>>

/** Trades that no poll gave before, and the span in which more may have happened. */
export interface NewTrades {
  readonly trades: Parsed<Trade>
  readonly hole: Span | undefined
}

/** The most calls that one poll makes to close a hole. */
const MOST_FILLS = 20

/**
 * Follows the trades of one symbol over polls. Ids that a poll shares with the one before prove that nothing was missed between them.
 * Without a shared id the trades since the last one are fetched; where the exchange does not give them, the hole is told.
 */
export class TradeTail {
  /** Ids of the last poll; empty before the first trade. */
  #seen: ReadonlySet<string> = new Set()
  #last: Micros = 0

  async poll(fetch: FetchTrades): Promise<NewTrades> {
    const recent = await fetch()
    const first = recent.records[0]
    if (!first) return { trades: recent, hole: undefined }
    const before = { seen: this.#seen, last: this.#last }
    const gapless = before.seen.size === 0 || recent.records.some(({ tradeId }) => before.seen.has(tradeId))
    const filled = gapless ? undefined : await fill(fetch, before.seen, before.last, recent)
    const fresh = recent.records.filter(({ tradeId }) => !before.seen.has(tradeId))
    const records = [...(filled?.trades ?? []), ...fresh]
    const hole = filled && !filled.closed ? { from: (filled.trades.at(-1)?.time ?? before.last) + 1, to: first.time } : undefined
    this.#seen = new Set(recent.records.map(({ tradeId }) => tradeId))
    this.#last = Math.max(before.last, recent.records.at(-1)?.time ?? 0)
    return { trades: { ...recent, records }, hole: hole && hole.to > hole.from ? hole : undefined }
  }
}

/** The trades between the last poll and this one, as far as the exchange gives them. */
async function fill(
  fetch: FetchTrades,
  seen: ReadonlySet<string>,
  last: Micros,
  recent: Parsed<Trade>,
): Promise<{ readonly trades: readonly Trade[]; readonly closed: boolean }> {
  const target = new Set(recent.records.map(({ tradeId }) => tradeId))
  const found = new Map<string, Trade>()
  // An exchange may leave out the trades of the very moment that it is asked from.
  let since = last - 1000
  for (let calls = 0; calls < MOST_FILLS; calls++) {
    const { records } = await fetch(since)
    // An exchange that does not look at the time gives its latest again.
    if (calls === 0 && !records.some(({ tradeId }) => seen.has(tradeId))) break
    const fresh = records.filter(({ tradeId }) => !seen.has(tradeId) && !found.has(tradeId))
    for (const trade of fresh) if (!target.has(trade.tradeId)) found.set(trade.tradeId, trade)
    if (fresh.some(({ tradeId }) => target.has(tradeId))) return { trades: [...found.values()], closed: true }
    if (fresh.length === 0) break
    since = records.at(-1)?.time ?? since
  }
  return { trades: [...found.values()], closed: false }
}
