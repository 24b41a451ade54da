import {
  countOf,
  formatTime,
  INDICATOR_NAMES,
  type IndicatorName,
  type IndicatorPoint,
  indicatorQueries,
  indicatorWire,
  parseQuery,
  QiError,
  suggest,
} from '../../../lib/src/base/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { shownMark } from '../text/mark.ts'
import { seriesName } from '../text/series.ts'
import { type Column, printTable } from '../text/table.ts'

export type IndicatorsInput = Readonly<Record<string, string | undefined>> & { readonly name: string; readonly coin: string }

export async function run(session: Session, { name, ...input }: IndicatorsInput): Promise<undefined> {
  if (!isIndicator(name))
    throw new QiError(
      'BAD_REQUEST',
      `"${name}" is no indicator${suggest(name, INDICATOR_NAMES)}; there are ${INDICATOR_NAMES.join(', ')}`,
      { field: 'name' },
    )
  const query = parseQuery(indicatorQueries[name], input)
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(store.dsl.calculateIndicator(name, query as never))
  const { out } = session
  if (session.json) return void (await out.json(indicatorWire(found)))
  const { series, timeframe, params, points, missing, settled, holes, partial } = found
  await out.line(`${out.style('bold', `${name} ${params}`)} of ${seriesName(series)}, ${timeframe}${shownMark(series, out)}`)
  if (points.length) await printTable(out, columns(points), points)
  else await session.remark(`no value yet: ${countOf(missing, 'more candle')} needed`)
  if (points.length && !settled) await session.remark('the first values still show where the history begins')
  if (holes)
    await session.remark(
      `${countOf(holes, 'candle is missing in between; those beside a hole', 'candles are missing in between; those beside a hole')} were taken as adjacent`,
    )
  if (partial)
    await session.remark(`${countOf(partial, 'candle used is', 'candles used are')} partial: a part of their time is not covered`)
}

const isIndicator = (name: string): name is IndicatorName => (INDICATOR_NAMES as readonly string[]).includes(name)

/** Floats of ours: digits beyond the eighth say nothing. The JSON has them all. */
const figure = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : String(Number(value.toPrecision(8)))

const columns = (points: readonly IndicatorPoint[]): Column<IndicatorPoint>[] => [
  { title: 'time', cell: (row) => formatTime(row.time) },
  ...Object.keys(points[0]?.values ?? {}).map(
    (name): Column<IndicatorPoint> => ({ title: name, kind: 'figure', cell: ({ values }) => figure(values[name]) }),
  ),
  { title: '', cell: ({ isFinal }) => (isFinal ? 'closed' : 'open'), style: ({ isFinal }) => (isFinal ? 'dim' : 'cyan') },
]
