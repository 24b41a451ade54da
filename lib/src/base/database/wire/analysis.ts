import type { NumberGap } from '../../types/index.ts'
import { formatTime } from '../../types/index.ts'
import type {
  BucketedCandle,
  BucketedCandles,
  IndicatorValues,
  Page,
  PriceAnomalies,
  PriceAnomaly,
  SeriesHealth,
} from '../dsl/results.ts'
import { seriesWire } from './series.ts'

/*
 * Wire forms of computed results, the same for HTTP, `--json` and tools. Figures of a source are exact text, computed figures are numbers.
 */

const bucketedCandleWire = (candle: BucketedCandle) => ({
  time: formatTime(candle.time),
  received_at: formatTime(candle.receivedAt),
  origin: candle.origin,
  open: candle.open,
  high: candle.high,
  low: candle.low,
  close: candle.close,
  ...(candle.volume !== undefined && { volume: candle.volume }),
  ...(candle.tradeCount !== undefined && { trade_count: candle.tradeCount }),
  is_final: candle.isFinal,
  built_from: candle.builtFrom,
  ...(candle.fromTimeframe && { from_timeframe: candle.fromTimeframe }),
  pieces: candle.pieces,
  covered: candle.covered,
  partial: candle.partial,
  ...(candle.flaw !== undefined && { flaw: candle.flaw }),
})

export const bucketedWire = ({ series, bucket, candles, otherSeries }: BucketedCandles) => ({
  series: seriesWire(series),
  bucket,
  candles: candles.map(bucketedCandleWire),
  other_series: otherSeries.map(seriesWire),
})

export const indicatorWire = ({ series, timeframe, name, params, formula, warmUp, points, ...counts }: IndicatorValues) => ({
  series: seriesWire(series),
  timeframe,
  name,
  params,
  computed: 'float64' as const,
  formula,
  warm_up: warmUp,
  ...counts,
  points: points.map(({ time, isFinal, partial, values }) => ({ time: formatTime(time), is_final: isFinal, partial, ...values })),
})

const anomalyWire = ({ time, previousClose, logReturn, score, expected, lower, upper, ...rest }: PriceAnomaly) => ({
  time: formatTime(time),
  close: rest.close,
  previous_close: previousClose,
  span: rest.span,
  simulated: rest.simulated,
  log_return: logReturn,
  ...(score !== undefined && { score }),
  expected,
  lower,
  upper,
})

export const anomaliesWire = ({ series, anomalies, ...rest }: PriceAnomalies) => ({
  series: seriesWire(series),
  ...rest,
  computed: 'float64' as const,
  anomalies: anomalies.map(anomalyWire),
})

const missingWire = ({ numbers, missing, from, to, reason, detail, settled }: NumberGap) => ({
  first_number: numbers.first,
  last_number: numbers.last,
  missing,
  from: formatTime(from),
  to: formatTime(to),
  reason,
  ...(detail !== undefined && { detail }),
  ...(settled && { answer: settled.reason }),
})

const healthWire = ({ coinId, first, last, ageSeconds, intervalSeconds, missingNumbers, longest, ...rest }: SeriesHealth) => ({
  coin_id: coinId,
  ...rest,
  first: formatTime(first),
  last: formatTime(last),
  age_seconds: ageSeconds,
  ...(intervalSeconds !== undefined && { interval_seconds: intervalSeconds }),
  ...(missingNumbers && { missing_numbers: missingNumbers.map(missingWire) }),
  longest: longest.map(({ from, to }) => ({ from: formatTime(from), to: formatTime(to) })),
})

export const dataHealthWire = ({ items, next }: Page<SeriesHealth>) => ({
  items: items.map(healthWire),
  ...(next !== undefined && { next }),
})
