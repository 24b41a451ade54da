import {
  type Breadth,
  type MarketAnalytics,
  marketSummaryQuery,
  type Price,
  parseQuery,
  summaryWire,
} from '../../../lib/src/base/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Output } from '../output.ts'
import type { Session } from '../session.ts'
import { ageColumn, originColumn } from '../text/columns.ts'
import { markOf } from '../text/mark.ts'
import { nothingOf } from '../text/nothing.ts'
import { type Column, printTable } from '../text/table.ts'

export interface SummaryInput {
  readonly source?: readonly string[]
  readonly currency?: readonly string[]
  readonly simulated?: boolean
  readonly movers?: string
}

export async function run(session: Session, input: SummaryInput): Promise<undefined> {
  const query = parseQuery(marketSummaryQuery, {
    sources: input.source,
    currencies: input.currency,
    include_simulated: input.simulated,
    movers: input.movers,
  })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const { analytics, breadth, gainers, losers, ...rest } = await session.unlessInterrupted(store.dsl.getMarketSummary(query))
  const { out } = session
  if (session.json) return void (await out.json(summaryWire({ analytics, breadth, gainers, losers, ...rest })))
  const now = Date.now()
  if (breadth.length === 0 && analytics.length === 0)
    return void (await session.remark(await nothingOf('no figures of the market are stored', store)))
  await section(out, 'Market', marketColumns(now), analytics)
  await section(out, 'Breadth, of the latest prices', breadthColumns, breadth)
  await section(out, 'Gainers', moverColumns(now), gainers)
  await section(out, 'Losers', moverColumns(now), losers)
}

async function section<Row>(out: Output, title: string, columns: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await out.line(out.style('bold', title))
  await printTable(out, columns, rows)
  await out.line()
}

const change = (row: { readonly change24hPct?: string }) => (row.change24hPct?.startsWith('-') ? 'red' : 'green')

const marketColumns = (now: number): Column<MarketAnalytics>[] => [
  { title: 'source', cell: (row) => row.source },
  { title: 'capitalisation', kind: 'figure', cell: (row) => row.totalMarketCap },
  { title: '', cell: (row) => row.currency },
  { title: '24 h %', kind: 'figure', cell: (row) => row.change24hPct, style: change },
  { title: 'volume 24 h', kind: 'figure', cell: (row) => row.totalVolume24h },
  { title: 'btc %', kind: 'figure', cell: (row) => row.btcDominance },
  { title: 'eth %', kind: 'figure', cell: (row) => row.ethDominance },
  { title: 'coins', kind: 'right', optional: true, cell: (row) => String(row.activeCoins) },
  { title: 'markets', kind: 'right', optional: true, cell: (row) => String(row.markets) },
  ageColumn(now),
  originColumn,
]

const breadthColumns: readonly Column<Breadth>[] = [
  { title: 'source', cell: (row) => row.source },
  { title: '', cell: (row) => row.currency },
  { title: 'coins', kind: 'right', cell: (row) => String(row.coins) },
  { title: 'up', kind: 'right', cell: (row) => String(row.advancers), style: () => 'green' },
  { title: 'down', kind: 'right', cell: (row) => String(row.decliners), style: () => 'red' },
  { title: 'unchanged', kind: 'right', cell: (row) => String(row.unchanged) },
  // A mean of ours, a float: its digits beyond the fourth say nothing. The JSON has them all.
  { title: 'mean 24 h %', kind: 'figure', cell: (row) => row.meanChange24hPct?.toFixed(4) },
  { title: '', cell: (row) => markOf(row), style: () => 'yellow' },
]

const moverColumns = (now: number): Column<Price>[] => [
  { title: 'coin', cell: (row) => row.coinId },
  { title: '24 h %', kind: 'figure', cell: (row) => row.change24hPct, style: change },
  { title: 'price', kind: 'figure', cell: (row) => row.price },
  { title: '', cell: (row) => row.currency },
  { title: 'source', cell: (row) => row.source },
  ageColumn(now),
  originColumn,
]
