import type { Micros } from '../../../base/types/index.ts'
import type { Listed, TradeHistory, TradeRange } from '../../venue/index.ts'
import type { RestClient } from '../shared/RestClient.ts'
import { type TradePage, tradesIn } from './parse/rest.ts'

/** Trades of one call. */
const PER_CALL = 1000
/** REST tells times as floats, off by a fraction of a microsecond: pages begin a little earlier. */
const MARGIN: Micros = 1000

/** The cursor before a time: nanoseconds, behind which trades begin. */
const cursorAt = (time: Micros): string => `${Math.max(0, time - MARGIN)}000`

/** Trades over REST. Kraken pages by time alone, from older to newer; trades are then chosen by number. */
export function tradeHistory(rest: RestClient, source: string): TradeHistory {
  /** By pair, where the last page of a range began: the next range usually begins in it. */
  const reached = new Map<string, { readonly first: number; readonly since: string }>()

  async function* pages(instrument: Listed, start: string, signal?: AbortSignal): AsyncGenerator<TradePage & { since: string }> {
    for (let [since, reachedNumber] = [start, 0]; ; ) {
      const { body, receivedAt } = await rest.get(
        '/0/public/Trades',
        { pair: instrument.alias ?? instrument.symbol, since, count: PER_CALL },
        { signal },
      )
      const page = tradesIn(body, source, instrument, receivedAt)
      const records = page.records.filter(({ sequence = 0 }) => sequence > reachedNumber)
      yield { ...page, records, since }
      if (page.rows < PER_CALL || page.last === since) return
      reachedNumber = records.at(-1)?.sequence ?? reachedNumber
      // A page may end between two trades of one moment, and `since` is excluded: the last moment is asked for again.
      const again = String(BigInt(page.last) - 1n)
      since = again === since ? page.last : again
    }
  }

  async function* byNumber(instrument: Listed, { first, last, from }: TradeRange, signal?: AbortSignal) {
    const known = reached.get(instrument.symbol)
    const start = known && known.first <= first && BigInt(known.since) > BigInt(cursorAt(from)) ? known.since : cursorAt(from)
    for await (const { since, records, rejected } of pages(instrument, start, signal)) {
      const [begin] = records
      if (begin?.sequence !== undefined) reached.set(instrument.symbol, { first: begin.sequence, since })
      const wanted = records.filter(({ sequence = 0 }) => sequence >= first && sequence <= last)
      yield { records: wanted, ...(rejected && { rejected }) }
      if ((records.at(-1)?.sequence ?? 0) >= last) return
    }
  }

  return {
    numbering: 'contiguous',
    summary: `${PER_CALL} a call and second, from the first trade on`,
    byNumber,
    async *byTime(instrument, from, to, signal) {
      for await (const { records, rejected } of pages(instrument, cursorAt(from), signal)) {
        yield { records: records.filter(({ time }) => time >= from && time < to), ...(rejected && { rejected }) }
        if ((records.at(-1)?.time ?? 0) >= to) return
      }
    },
  }
}
