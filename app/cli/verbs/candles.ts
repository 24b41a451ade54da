import { type Candle, candlesQuery, candlesWire, parseQuery, type Series } from '../../../lib/src/base/database/index.ts'
import { escapeHidden, recordTypes } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { originColumn, timeColumn } from '../text/columns.ts'
import { printCsv } from '../text/csv.ts'
import { shownMark } from '../text/mark.ts'
import { type Column, printTable } from '../text/table.ts'

export interface CandlesInput {
  readonly coin: string
  readonly timeframe: string
  readonly from?: string
  readonly to?: string
  readonly source?: string
  readonly currency?: string
  readonly limit?: string
  readonly fill?: boolean
}

export async function run(session: Session, input: CandlesInput): Promise<undefined> {
  const query = parseQuery(candlesQuery, { ...input })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(store.dsl.getOHLCV(query))
  const { out } = session
  if (session.csv) return void (await printCsv(out, CSV_COLUMNS, candlesWire(found).candles))
  if (session.json) return void (await out.json(candlesWire(found)))
  const { series, timeframe, candles, otherSeries } = found
  await out.line(`${out.style('bold', name(series))}, ${timeframe}${shownMark(series, out)}`)
  if (candles.length) await printTable(out, columns, candles)
  else await session.remark('no candles in that range')
  if (otherSeries.length) await session.remark(`other series: ${otherSeries.map(name).join('; ')} (--source, --currency)`)
}

const CSV_COLUMNS = [...recordTypes.ohlcv.fields.map(({ name }) => name), 'from_timeframe', 'covered', 'partial', 'flaw']

const name = ({ coinId, source, currency }: Series): string => escapeHidden(`${coinId} in ${currency} from ${source}`)

/** Whole per cent, rounded down, so that no partial candle shows 100 %. */
const coveredText = ({ covered, partial }: Candle): string => (partial ? `${Math.floor(covered * 100)} % partial` : '100 %')

const columns: readonly Column<Candle>[] = [
  timeColumn,
  ...(['open', 'high', 'low', 'close'] as const).map(
    (title): Column<Candle> => ({ title, kind: 'figure', cell: (row) => row[title] }),
  ),
  { title: 'volume', kind: 'figure', optional: true, cell: (row) => row.volume },
  { title: 'trades', kind: 'right', optional: true, cell: (row) => row.tradeCount?.toString() },
  { title: 'state', cell: (row) => (row.isFinal ? 'closed' : 'open'), style: (row) => (row.isFinal ? 'dim' : 'cyan') },
  { title: 'covered', kind: 'right', cell: coveredText, style: (row) => (row.isFinal && row.partial ? 'yellow' : 'dim') },
  { title: 'flaw', optional: true, cell: (row) => row.flaw, style: () => 'red' },
  { title: 'built from', cell: (row) => (row.fromTimeframe ? `${row.fromTimeframe} ${row.builtFrom}` : row.builtFrom) },
  originColumn,
]
