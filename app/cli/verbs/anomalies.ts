import { anomaliesQuery, anomaliesWire, type PriceAnomaly, parseQuery } from '../../../lib/src/base/database/index.ts'
import { countOf, formatTime } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { changeText } from '../text/figures.ts'
import { shownMark } from '../text/mark.ts'
import { SERIES_COLUMNS, seriesName } from '../text/series.ts'
import { type Column, printTable } from '../text/table.ts'

export type AnomaliesInput = Readonly<Record<string, string | undefined>> & { readonly coin: string }

export async function run(session: Session, input: AnomaliesInput): Promise<undefined> {
  const query = parseQuery(anomaliesQuery, { ...input })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(store.dsl.detectPriceAnomalies(query))
  const { out } = session
  if (session.csv) {
    const { anomalies: rows, series: of } = anomaliesWire(found)
    return void (await printCsv(
      out,
      CSV_COLUMNS,
      rows.map((row) => ({ ...of, timeframe: found.timeframe, ...row })),
    ))
  }
  if (session.json) return void (await out.json(anomaliesWire(found)))
  const { series, timeframe, examined, partial, missing, threshold, anomalies } = found
  await out.line(`${out.style('bold', seriesName(series))}, ${timeframe}${shownMark(series, out)}`)
  if (anomalies.length) await printTable(out, columns, anomalies)
  await session.remark(
    missing
      ? `nothing can be scored yet: ${countOf(missing, 'more candle')} needed`
      : `${anomalies.length} of ${examined} candles lie beyond ${threshold} robust standard deviations`,
  )
  if (partial) await session.remark(`${countOf(partial, 'partial candle was', 'partial candles were')} not scored`)
}

const CSV_COLUMNS = [
  ...SERIES_COLUMNS,
  ...['time', 'close', 'previous_close', 'span', 'simulated', 'log_return', 'score', 'expected', 'lower', 'upper'],
]

/** Eight digits of a computed float; --json has all of them. */
const rounded = (value: number): string => String(Number(value.toPrecision(8)))

const columns: readonly Column<PriceAnomaly>[] = [
  { title: 'time', cell: (row) => formatTime(row.time) },
  { title: 'close', kind: 'figure', cell: (row) => row.close, style: () => 'bold' },
  { title: 'previous', kind: 'figure', cell: (row) => row.previousClose },
  {
    title: '%',
    kind: 'figure',
    cell: (row) => changeText(((Math.exp(row.logReturn) - 1) * 100).toFixed(4)),
    style: (row) => (row.logReturn < 0 ? 'red' : 'green'),
  },
  { title: 'score', kind: 'figure', cell: (row) => row.score?.toFixed(1) },
  { title: 'usual from', kind: 'figure', cell: (row) => rounded(row.lower) },
  { title: 'usual to', kind: 'figure', cell: (row) => rounded(row.upper) },
  { title: 'buckets', kind: 'right', optional: true, cell: (row) => (row.span > 1 ? String(row.span) : undefined) },
]
