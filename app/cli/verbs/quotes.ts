import { type Quote, quote } from '../../../lib/src/base/types/index.ts'
import type { Session } from '../session.ts'
import { originColumn, timeColumn } from '../text/columns.ts'
import { printRecent, type RecentInput } from '../text/recent.ts'
import type { Column } from '../text/table.ts'

export const run = (session: Session, input: RecentInput): Promise<undefined> =>
  printRecent<Quote>(session, input, quote, COLUMNS, (dsl, query) => dsl.getQuotes(query))

const COLUMNS: readonly Column<Quote>[] = [
  timeColumn,
  { title: 'coin', cell: (row) => row.coinId },
  { title: 'source', cell: (row) => row.source },
  { title: 'bid', kind: 'figure', cell: (row) => row.bid, style: () => 'green' },
  { title: 'bid size', kind: 'figure', cell: (row) => row.bidSize },
  { title: 'ask', kind: 'figure', cell: (row) => row.ask, style: () => 'red' },
  { title: 'ask size', kind: 'figure', cell: (row) => row.askSize },
  { title: 'currency', cell: (row) => row.currency },
  originColumn,
]
