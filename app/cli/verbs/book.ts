import { type BookLevel, bookQuery, bookWire, type OrderBook, parseQuery } from '../../../lib/src/base/database/index.ts'
import { formatTime } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { printCsv } from '../text/csv.ts'
import { markOf } from '../text/mark.ts'
import { type Column, printTable } from '../text/table.ts'

export interface BookInput {
  readonly coin: string
  readonly source?: string
  readonly currency?: string
  readonly at?: string
  readonly levels?: string
}

export async function run(session: Session, { coin, source, currency, at, levels }: BookInput): Promise<undefined> {
  const query = parseQuery(bookQuery, { coin, source, currency, at, levels })
  await using store = await openReadsOf(session, await session.load())
  const found = await session.unlessInterrupted(store.dsl.getBook(query))
  const { out } = session
  if (session.json) return void (await out.json(bookWire(found)))
  if (session.csv)
    return void (await printCsv(
      out,
      CSV,
      rungsOf(found).map((rung) => ({ ...rung })),
    ))
  await out.line(headOf(found, query.at === undefined ? 'old' : 'before the time that was asked for'))
  await printTable(out, LADDER, rungsOf(found))
  const hidden = Math.max(found.book.bids.length - found.bids.length, found.book.asks.length - found.asks.length)
  if (hidden > 0) await session.remark(`${found.book.levels} levels are stored; raise --levels for more`)
  if (found.others.length > 0) {
    const others = found.others.map((one) => `${one.source} (${one.currency})`)
    await session.remark(`also stored at ${others.join(', ')}: name one by --source or --currency`)
  }
}

const CSV = ['side', 'level', 'price', 'size', 'total']

interface Rung extends BookLevel {
  readonly side: 'ask' | 'bid'
  /** Its place from the best price, from 1. */
  readonly level: number
  readonly style: 'red' | 'green'
}

/** Asks from the highest to the best, then bids from the best to the lowest: prices fall from line to line. */
const rungsOf = ({ bids, asks }: OrderBook): readonly Rung[] => [
  ...asks.map((level, i): Rung => ({ side: 'ask', level: i + 1, ...level, style: 'red' })).toReversed(),
  ...bids.map((level, i): Rung => ({ side: 'bid', level: i + 1, ...level, style: 'green' })),
]

const LADDER: readonly Column<Rung>[] = [
  { title: 'side', cell: ({ side }) => side, style: ({ style }) => style },
  { title: 'price', kind: 'figure', cell: ({ price }) => price, style: ({ style }) => style },
  { title: 'size', kind: 'figure', cell: ({ size }) => size },
  { title: 'total', kind: 'figure', cell: ({ total }) => total },
]

/** `BTC/USDT at binance in USDT, 2026-01-31T12:00:00Z (3s old), verified, spread 0.1 (0.01 bps)`. */
function headOf({ book, spread, spreadBps, ageSeconds }: OrderBook, since: string): string {
  const bps = spreadBps === undefined ? '' : ` (${spreadBps.toFixed(2)} bps)`
  const mark = markOf(book)
  return [
    `${book.coinId} at ${book.source} in ${book.currency}`,
    `${formatTime(book.time)} (${duration(ageSeconds * 1000)} ${since})`,
    book.verified ? 'verified' : 'not verified',
    ...(spread === undefined ? ['one side is empty'] : [`spread ${spread}${bps}`]),
    ...(mark ? [mark] : []),
  ].join(', ')
}
