import { addDecimals, type Book, book, type Decimal, formatTime, QiError, subtractDecimals } from '../../../types/index.ts'
import type { RawRow, RowReader } from '../../reading/RowReader.ts'
import { coinNotFound } from '../coins/notFound.ts'
import { rankOfOrigin } from '../preference.ts'
import type { QueryOf } from '../query/query.ts'
import { basisPoints } from '../spreads/best.ts'
import type { bookQuery } from './query.ts'
import type { BookLevel, OrderBook } from './results.ts'

/** Series that are looked at for one answer. */
const MOST = 100

/** Series of the coin $1, of the source $2 and the currency $3 where they are given. */
const ASKED = `asked as (select s.* from series as s where s.type = 'book' and s.last is not null and s.coin_id = $1
  and ($2::text is null or s.source = $2) and ($3::text is null or s.currency = $3))`

/** SQL: the latest book of each series at or before $4 (null: now), those of venues and the newest first. */
const LATEST = `with ${ASKED}
select s.coin_id, s.source, s.currency, r.*, greatest(0, extract(epoch from coalesce($4::timestamptz, now()) - r.time))::float8 as age
from asked as s cross join lateral (
  select time, received_at, origin, sequence, levels, bids, bid_sizes, asks, ask_sizes, verified from books_rows as r
  where r.series = s.id and r.time <= coalesce($4, s.last) order by r.time desc, r.sequence desc limit 1) as r
order by ${rankOfOrigin('r.origin')}, r.time desc, s.source, s.currency limit ${MOST}`

const FIRST = `with ${ASKED} select min(first) as first from asked`

/**
 * The latest book of the preferred series of a coin, at or before a time: a venue's before a simulated one, then the newest.
 * @throws QiError NOT_FOUND if no book of the coin is stored, or none at or before that time
 */
export async function orderBook(reader: RowReader, query: QueryOf<typeof bookQuery>): Promise<OrderBook> {
  const { coin, source, currency, at, levels } = query
  const series = [coin, source ?? null, currency ?? null]
  const values = [...series, at === undefined ? null : formatTime(at)]
  const rows = await reader.rows({ name: 'order_book', text: LATEST, values })
  const found = rows.flatMap((row) => reader.readable<Book>(book, [row]).map((one) => ({ book: one, row })))
  const [first, ...others] = found
  if (!first) throw await notFound(reader, query, series)
  return {
    ...shown(first.book, levels, first.row),
    others: others.map(({ book: { source: of, currency: other } }) => ({ source: of, currency: other })),
  }
}

function shown(one: Book, levels: number, row: RawRow): Omit<OrderBook, 'others'> {
  const [bid, ask] = [one.bids[0], one.asks[0]]
  const spread = bid !== undefined && ask !== undefined ? subtractDecimals(ask, bid) : undefined
  const spreadBps = spread && basisPoints(spread, bid as Decimal, ask as Decimal)
  return {
    book: one,
    bids: levelsOf(one.bids, one.bidSizes, levels),
    asks: levelsOf(one.asks, one.askSizes, levels),
    ...(spread !== undefined && { spread }),
    ...(spreadBps !== undefined && { spreadBps }),
    ageSeconds: Number(row.age),
  }
}

/** The first levels of a side with their running totals. */
export function levelsOf(prices: readonly Decimal[], sizes: readonly Decimal[], most: number): readonly BookLevel[] {
  let total = '0' as Decimal
  return prices.slice(0, most).map((price, i) => {
    const size = sizes[i] as Decimal
    total = addDecimals(total, size)
    return { price, size, total }
  })
}

async function notFound(reader: RowReader, query: QueryOf<typeof bookQuery>, series: readonly unknown[]): Promise<QiError> {
  const [row] = await reader.rows({ text: FIRST, values: series as never })
  if (row?.first == null || query.at === undefined) return coinNotFound(reader, query, 'order book')
  return new QiError(
    'NOT_FOUND',
    `no order book of "${query.coin}" at or before ${formatTime(query.at)} is stored: the first is of ${row.first}; ask for a later time`,
    { field: 'at' },
  )
}
