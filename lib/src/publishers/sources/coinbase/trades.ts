import type { Micros, Trade } from '../../../base/types/index.ts'
import type { Listed, Page, TradeHistory, TradeRange } from '../../venue/index.ts'
import type { RestClient } from '../shared/RestClient.ts'
import { tradesIn } from './parse/rest.ts'

/** Trades of one call. */
const PER_CALL = 1000
/** A backfill by time looks for the first trade of each window, which takes up to 20 calls on a busy market. */
const WINDOW: Micros = 86_400_000_000

/** Trades over REST. Coinbase pages by number alone, from newer to older. */
export function tradeHistory(rest: RestClient, source: string): TradeHistory {
  /** Where windows ended, by product: the next one usually begins there. */
  const ends = new Map<string, { readonly time: Micros; readonly next: number }>()

  /** Up to 1000 trades with numbers up to `last`, oldest first. */
  async function upTo(instrument: Listed, last: number | undefined, limit: number, signal?: AbortSignal): Promise<Page<Trade>> {
    const query = { limit, ...(last !== undefined && { after: last + 1 }) }
    const { body, receivedAt } = await rest.get(`/products/${encodeURIComponent(instrument.symbol)}/trades`, query, { signal })
    return tradesIn(body, source, instrument, receivedAt)
  }

  async function* byNumber(instrument: Listed, { first, last }: TradeRange, signal?: AbortSignal) {
    for (let from = first; from <= last; from += PER_CALL) {
      const end = Math.min(last, from + PER_CALL - 1)
      const page = await upTo(instrument, end, end - from + 1, signal)
      yield { ...page, records: page.records.filter(({ sequence = 0 }) => sequence >= from && sequence <= end) }
    }
  }

  /** The number of the first trade at or after a time, by bisection; undefined if there is none. */
  async function firstFrom(instrument: Listed, from: Micros, signal?: AbortSignal): Promise<number | undefined> {
    const newest = (await upTo(instrument, undefined, 1, signal)).records.at(-1)
    if (newest?.sequence === undefined || newest.time < from) return undefined
    // Trades up to `before` are older than `from`; `found` is not.
    let [before, found] = [0, newest.sequence]
    while (found - before > 1) {
      const { records } = await upTo(instrument, Math.floor((before + found) / 2), PER_CALL, signal)
      const older = records.findLast(({ time }) => time < from)?.sequence
      const later = records.find(({ time }) => time >= from)?.sequence
      if (older !== undefined && later !== undefined) return later
      if (later !== undefined) found = later
      else before = Math.floor((before + found) / 2)
    }
    return found
  }

  return {
    numbering: 'contiguous',
    summary: `${PER_CALL} a call, from the first trade on`,
    windowMicros: WINDOW,
    byNumber,
    async *byTime(instrument, from, to, signal) {
      const end = ends.get(instrument.symbol)
      let next = end?.time === from ? end.next : await firstFrom(instrument, from, signal)
      while (next !== undefined) {
        const page = await upTo(instrument, next + PER_CALL - 1, PER_CALL, signal)
        const records = page.records.filter(({ sequence = 0 }) => sequence >= (next as number))
        const beyond = records.find(({ time }) => time >= to)
        yield { ...page, records: records.filter(({ time }) => time < to) }
        if (beyond?.sequence !== undefined) {
          ends.set(instrument.symbol, { time: to, next: beyond.sequence })
          return
        }
        const reached = records.at(-1)?.sequence
        next = reached === undefined ? undefined : reached + 1
      }
    },
  }
}
