import {
  type Breadth,
  type MarketMover,
  marketSummaryQuery,
  parseQuery,
  summaryWire,
} from '../../../lib/src/base/database/index.ts'
import { type MarketAnalytics, recordTypes } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Output } from '../output.ts'
import type { Session } from '../session.ts'
import { ageColumn, originColumn } from '../text/columns.ts'
import { printSections } from '../text/csv.ts'
import { changeText, priceText, shortText, signed } from '../text/figures.ts'
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
  const wire = () => summaryWire({ analytics, breadth, gainers, losers, ...rest })
  if (session.json) return void (await out.json(wire()))
  if (session.csv) return void (await printCsvOf(out, wire()))
  const now = Date.now()
  if (breadth.length === 0 && analytics.length === 0)
    return void (await session.remark(await nothingOf('no figures of the market are stored', store)))
  await section(out, 'Market', marketColumns(now), analytics)
  await section(out, 'Breadth, of the latest prices', breadthColumns, breadth)
  await section(out, 'Gainers', moverColumns(now), gainers)
  await section(out, 'Losers', moverColumns(now), losers)
}

const BREADTH = ['source', 'currency', 'simulated', 'time', 'coins', 'advancers', 'decliners', 'unchanged', 'mean_change_24h_pct']
const MARKET = recordTypes.market_analytics.fields.map(({ name }) => name)
const PRICE = [...recordTypes.price.fields.map(({ name }) => name), 'built_from']

const printCsvOf = (out: Output, { analytics, breadth, gainers, losers }: ReturnType<typeof summaryWire>): Promise<void> =>
  printSections(out, {
    analytics: [MARKET, analytics],
    breadth: [BREADTH, breadth],
    gainers: [PRICE, gainers],
    losers: [PRICE, losers],
  })

async function section<Row>(out: Output, title: string, columns: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await out.line(out.style('bold', title))
  await printTable(out, columns, rows)
  await out.line()
}

const change = (row: { readonly change24hPct?: string }) => (row.change24hPct?.startsWith('-') ? 'red' : 'green')

const marketColumns = (now: number): Column<MarketAnalytics>[] => [
  { title: 'source', cell: (row) => row.source },
  { title: 'capitalisation', kind: 'right', cell: (row) => shortText(row.totalMarketCap) },
  { title: 'currency', cell: (row) => row.currency },
  { title: '24 h %', kind: 'figure', cell: (row) => row.change24hPct && changeText(row.change24hPct), style: change },
  { title: 'volume 24 h', kind: 'right', cell: (row) => shortText(row.totalVolume24h) },
  { title: 'btc %', kind: 'figure', cell: (row) => row.btcDominance },
  { title: 'eth %', kind: 'figure', cell: (row) => row.ethDominance },
  { title: 'coins', kind: 'right', optional: true, cell: (row) => String(row.activeCoins) },
  { title: 'markets', kind: 'right', optional: true, cell: (row) => String(row.markets) },
  ageColumn(now),
  originColumn,
]

const breadthColumns: readonly Column<Breadth>[] = [
  { title: 'source', cell: (row) => row.source },
  { title: 'currency', cell: (row) => row.currency },
  { title: 'coins', kind: 'right', cell: (row) => String(row.coins) },
  { title: 'up', kind: 'right', cell: (row) => String(row.advancers), style: () => 'green' },
  { title: 'down', kind: 'right', cell: (row) => String(row.decliners), style: () => 'red' },
  { title: 'unchanged', kind: 'right', cell: (row) => String(row.unchanged) },
  // Four digits of a computed float; --json has all of them.
  {
    title: 'mean 24 h %',
    kind: 'figure',
    cell: (row) => (row.meanChange24hPct === undefined ? undefined : signed(row.meanChange24hPct.toFixed(4))),
  },
  { title: 'mark', optional: true, cell: (row) => markOf(row), style: () => 'yellow' },
]

const moverColumns = (now: number): Column<MarketMover>[] => [
  { title: 'coin', cell: (row) => row.coinId },
  { title: '24 h %', kind: 'figure', cell: (row) => row.change24hPct && changeText(row.change24hPct), style: change },
  { title: 'price', kind: 'figure', cell: (row) => priceText(row.price) },
  { title: 'currency', cell: (row) => row.currency },
  { title: 'source', cell: (row) => row.source },
  ageColumn(now),
  { title: 'from', optional: true, cell: ({ builtFrom }) => builtFrom },
  originColumn,
]
