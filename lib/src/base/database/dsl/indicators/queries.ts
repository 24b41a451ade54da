import { z } from 'zod'
import { ofRange, ofSeries, timeframe } from '../query/analysisQueries.ts'
import { count } from '../query/parameters.ts'
import type { QueryInput } from '../query/query.ts'
import { INDICATORS, type IndicatorName } from './index.ts'

const queryOf = <N extends IndicatorName>(name: N) =>
  z
    .object({
      ...ofSeries,
      timeframe,
      ...(INDICATORS[name].parameters as (typeof INDICATORS)[N]['parameters']),
      ...ofRange,
      limit: count(5000, 500, 'most values; the latest of the range'),
    })
    .describe(INDICATORS[name].title)

/** The query of each indicator, by its name. */
export const indicatorQueries = {
  sma: queryOf('sma'),
  ema: queryOf('ema'),
  rsi: queryOf('rsi'),
  macd: queryOf('macd'),
  bollinger: queryOf('bollinger'),
  vwap: queryOf('vwap'),
}

export type IndicatorQuery<N extends IndicatorName> = (typeof indicatorQueries)[N]
export type IndicatorInput<N extends IndicatorName> = QueryInput<IndicatorQuery<N>>
