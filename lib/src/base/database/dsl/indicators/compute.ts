import {
  barSpan,
  type Calendar,
  openBars,
  openTime,
  QiError,
  type Span,
  type Timeframe,
  timeframeMicros,
} from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import type { IndicatorPoint, IndicatorValues } from '../analysisResults.ts'
import { candles } from '../candles/candles.ts'
import type { QueryOf } from '../query/query.ts'
import type { Candle } from '../results.ts'
import { figuresOf, type IndicatorDefinition } from './define.ts'
import { type IndicatorName, indicatorOf } from './index.ts'
import type { indicatorQueries } from './queries.ts'

/**
 * Computes an indicator over the candles of a series. Also reads candles before the range, so that a value does not depend on where
 * the range begins.
 */
export async function indicatorValues<N extends IndicatorName>(
  reader: RowReader,
  name: N,
  query: QueryOf<(typeof indicatorQueries)[N]>,
): Promise<IndicatorValues> {
  const definition = indicatorOf(name)
  const { coin, source, currency, timeframe, from, to, limit } = query
  const params = paramsOf(definition, query)
  const wanted = definition.history(params, timeframe)
  const of = { coin, source, currency, timeframe }
  const asked = await candles(reader, { ...of, from, to, limit: from === undefined ? limit + wanted : limit })
  const { series } = asked
  const begin = (from === undefined ? (asked.candles.at(-limit) ?? asked.candles[0]) : asked.candles[0])?.time
  const older =
    from === undefined || begin === undefined || wanted === 0
      ? []
      : (
          await candles(reader, {
            ...of,
            source: series.source,
            currency: series.currency,
            from: undefined,
            to: begin,
            limit: wanted,
          })
        ).candles
  const all = [...older, ...asked.candles]
  const calendar = await reader.calendarOf(series)
  const points = compute(definition, params, all, calendar).filter(({ time }) => begin !== undefined && time >= begin)
  const history = begin === undefined ? 0 : all.filter(({ time }) => time < begin).length
  return {
    series,
    timeframe,
    name,
    params: Object.entries(params)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    formula: definition.formula,
    warmUp: definition.warmUp(params),
    missing: points.length > 0 ? 0 : Math.max(1, definition.warmUp(params) - usable(definition, all)),
    history,
    settled: history >= wanted,
    holes: holes(all, timeframe, calendar),
    partial: all.filter(({ isFinal, partial }) => isFinal && partial).length,
    points,
  }
}

/** The indicator's own parameters of a query. @throws QiError BAD_REQUEST unless fast is below slow */
function paramsOf({ parameters }: IndicatorDefinition, query: object): Record<string, never> {
  const params = Object.fromEntries(Object.keys(parameters).map((key) => [key, (query as Record<string, never>)[key]])) as Record<
    string,
    never
  >
  if (params.fast !== undefined && params.fast >= (params.slow as never))
    throw new QiError('BAD_REQUEST', `fast ${params.fast}: must be below slow, which is ${params.slow}`, { field: 'fast' })
  return params
}

/** The values of an indicator over candles, oldest first; float64. */
export function compute(
  definition: IndicatorDefinition,
  params: Record<string, never>,
  all: readonly Candle[],
  calendar?: Calendar,
): IndicatorPoint[] {
  const step = definition.start(params, calendar)
  return all.flatMap((candle) => {
    const values = step(figuresOf(candle))
    return values ? [{ time: candle.time, isFinal: candle.isFinal, partial: candle.partial, values }] : []
  })
}

const usable = ({ name }: IndicatorDefinition, all: readonly Candle[]): number =>
  name === 'vwap' ? all.filter(({ volume }) => volume !== undefined).length : all.length

/** The number of missing candles between the first and the last one, in open hours. */
function holes(all: readonly Candle[], timeframe: Timeframe, calendar: Calendar): number {
  const first = all[0]
  const last = all.at(-1)
  if (!first || !last) return 0
  const length = timeframeMicros(timeframe)
  const isOpen = ({ from, to }: Span) => openTime(calendar, from, to) > 0
  const open = openBars(calendar, timeframe, [{ from: first.time, to: last.time + length }])
  const wanted = Math.round(open.reduce((sum, span) => sum + span.to - span.from, 0) / length)
  return wanted - all.filter(({ time }) => isOpen(barSpan(calendar, timeframe, time))).length
}
