import type { Micros, Trade } from '../../../base/types/index.ts'
import type { Listed, Page, TradeHistory, TradeRange } from '../../venue/index.ts'
import type { RestClient } from '../shared/RestClient.ts'
import { tradesIn } from './parse/rest.ts'

const PATH = '/api/v5/market/history-trades'
/** Trades of one call. */
const PER_CALL = 100
/** Meaning of `after`. */
const BY_NUMBER = 1
const BY_TIME = 2

/** Trades of `history-trades`: it gives those before a number or a time, the newest first. */
export function tradeHistory(rest: RestClient, source: string): TradeHistory {
  async function before(
    instrument: Listed,
    type: typeof BY_NUMBER | typeof BY_TIME,
    after: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<Page<Trade>> {
    const { body, receivedAt } = await rest.get(PATH, { instId: instrument.symbol, type, after, limit }, { signal })
    return tradesIn(body, source, instrument, receivedAt)
  }

  async function* byNumber(
    instrument: Listed,
    { first, last }: Pick<TradeRange, 'first' | 'last'>,
    signal?: AbortSignal,
  ): AsyncGenerator<Page<Trade>> {
    for (let from = first; from <= last; from += PER_CALL) {
      const end = Math.min(last, from + PER_CALL - 1)
      const page = await before(instrument, BY_NUMBER, end + 1, end - from + 1, signal)
      yield { ...page, records: page.records.filter(({ sequence = 0 }) => sequence >= from && sequence <= end) }
    }
  }

  /** Number of the first trade of a range of time; undefined if there is none. */
  async function firstOf(instrument: Listed, from: Micros, to: Micros, signal?: AbortSignal): Promise<number | undefined> {
    const older = await before(instrument, BY_TIME, Math.floor(from / 1000), 1, signal)
    const last = older.records.at(-1)?.sequence
    if (last !== undefined) return last + 1
    // Nothing is older: the range reaches over the venue's first trade, or over the oldest that it still has.
    let found: number | undefined
    let page = await before(instrument, BY_TIME, Math.ceil(to / 1000), PER_CALL, signal)
    for (;;) {
      const number = page.records.find(({ time }) => time >= from)?.sequence
      if (number === undefined || (found !== undefined && number >= found)) return found
      found = number
      page = await before(instrument, BY_NUMBER, found, PER_CALL, signal)
    }
  }

  return {
    numbering: 'contiguous',
    summary: `${PER_CALL} a call, of the last three months`,
    byNumber,
    async *byTime(instrument, from, to, signal) {
      const first = await firstOf(instrument, from, to, signal)
      if (first === undefined) return
      for (let next = first; ; next += PER_CALL) {
        let reached: Micros | undefined
        for await (const page of byNumber(instrument, { first: next, last: next + PER_CALL - 1 }, signal)) {
          yield page
          reached = page.records.at(-1)?.time
        }
        if (reached === undefined || reached >= to) return
      }
    },
  }
}
