import {
  INDICATOR_NAMES,
  type IndicatorName,
  type IndicatorPoint,
  indicatorQueries,
  indicatorWire,
  parseQuery,
} from '../../../lib/src/base/database/index.ts'
import { countOf, formatTime, QiError, suggest } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { shownMark } from '../text/mark.ts'
import { SERIES_COLUMNS, seriesName } from '../text/series.ts'
import { type Column, printTable } from '../text/table.ts'

export type IndicatorsInput = Readonly<Record<string, string | undefined>> & { readonly name: string; readonly coin: string }

export async function run(session: Session, { name, ...input }: IndicatorsInput): Promise<undefined> {
  if (!isIndicator(name))
    throw new QiError(
      'BAD_REQUEST',
      `name "${name}": no such indicator${suggest(name, INDICATOR_NAMES)}; known: ${INDICATOR_NAMES.join(', ')}`,
      { field: 'name' },
    )
  const query = parseQuery(indicatorQueries[name], input)
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(store.dsl.calculateIndicator(name, query as never))
  const { out } = session
  const { series, timeframe, params, points, missing, settled, holes, partial } = found
  if (session.csv) {
    const { points: rows, series: of } = indicatorWire(found)
    const names = [...SERIES_COLUMNS, 'time', ...Object.keys(points[0]?.values ?? {}), 'is_final', 'partial']
    return void (await printCsv(
      out,
      names,
      rows.map((row) => ({ ...of, timeframe, ...row })),
    ))
  }
  if (session.json) return void (await out.json(indicatorWire(found)))
  await out.line(`${out.style('bold', `${name} ${params}`)} of ${seriesName(series)}, ${timeframe}${shownMark(series, out)}`)
  if (points.length) await printTable(out, columns(points), points)
  else await session.remark(`no value yet: ${countOf(missing, 'more candle')} needed`)
  if (points.length && !settled) await session.remark('the first values are not settled: the history before them is too short')
  if (holes)
    await session.remark(
      `${countOf(holes, 'candle is', 'candles are')} missing in between; their neighbours were taken as adjacent`,
    )
  if (partial) await session.remark(`${countOf(partial, 'candle used is', 'candles used are')} partial`)
}

const isIndicator = (name: string): name is IndicatorName => (INDICATOR_NAMES as readonly string[]).includes(name)

/** Eight digits of a computed float; --json has all of them. */
const figure = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : String(Number(value.toPrecision(8)))

const columns = (points: readonly IndicatorPoint[]): Column<IndicatorPoint>[] => [
  { title: 'time', cell: (row) => formatTime(row.time) },
  ...Object.keys(points[0]?.values ?? {}).map(
    (name): Column<IndicatorPoint> => ({ title: name, kind: 'figure', cell: ({ values }) => figure(values[name]) }),
  ),
  { title: 'state', cell: ({ isFinal }) => (isFinal ? 'closed' : 'open'), style: ({ isFinal }) => (isFinal ? 'dim' : 'cyan') },
]
