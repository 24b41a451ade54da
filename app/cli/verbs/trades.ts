import { type Trade, trade } from '../../../lib/src/base/types/index.ts'
import type { Session } from '../session.ts'
import { originColumn, timeColumn } from '../text/columns.ts'
import { printRecent, type RecentInput } from '../text/recent.ts'
import type { Column } from '../text/table.ts'

export const run = (session: Session, input: RecentInput): Promise<undefined> =>
  printRecent<Trade>(session, input, trade, COLUMNS, (dsl, query) => dsl.getTrades(query))

const COLUMNS: readonly Column<Trade>[] = [
  timeColumn,
  { title: 'coin', cell: (row) => row.coinId },
  { title: 'source', cell: (row) => row.source },
  { title: 'side', cell: (row) => row.side, style: ({ side }) => (side === 'buy' ? 'green' : side === 'sell' ? 'red' : 'dim') },
  { title: 'price', kind: 'figure', cell: (row) => row.price, style: () => 'bold' },
  { title: 'currency', cell: (row) => row.currency },
  { title: 'amount', kind: 'figure', cell: (row) => row.amount },
  { title: 'trade id', kind: 'right', optional: true, cell: (row) => row.tradeId },
  originColumn,
]
