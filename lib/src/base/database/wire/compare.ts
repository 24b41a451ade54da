import { formatTime } from '../../types/index.ts'
import type { ComparedPair, ComparedSeries, Comparison } from '../dsl/results.ts'
import type { SeriesKey } from '../dsl/series.ts'

const keyWire = ({ coinId, source, currency }: SeriesKey) => ({ coin_id: coinId, source, currency })

const comparedWire = ({ simulated, price, builtFrom, time, ageSeconds, stale, candles, ...key }: ComparedSeries) => ({
  ...keyWire(key),
  simulated,
  ...(price !== undefined && { price }),
  ...(builtFrom !== undefined && { built_from: builtFrom }),
  ...(time !== undefined && { time: formatTime(time) }),
  ...(ageSeconds !== undefined && { age_seconds: ageSeconds }),
  stale,
  candles,
})

const pairWire = (pair: ComparedPair) => ({
  reference: keyWire(pair.reference),
  other: keyWire(pair.other),
  ...(pair.difference !== undefined && { difference: pair.difference }),
  ...(pair.differenceBps !== undefined && { difference_bps: pair.differenceBps }),
  candles: pair.candles,
  only_reference: pair.onlyReference,
  only_other: pair.onlyOther,
  ...(pair.meanBps !== undefined && { mean_bps: pair.meanBps }),
  ...(pair.medianBps !== undefined && { median_bps: pair.medianBps }),
  ...(pair.greatest && { greatest: { ...pair.greatest, time: formatTime(pair.greatest.time) } }),
  ...(pair.correlation !== undefined && { correlation: pair.correlation }),
})

export const compareWire = ({ coin, timeframe, maxAge, series, pairs }: Comparison) => ({
  coin,
  timeframe,
  max_age: maxAge,
  computed: 'float64' as const,
  series: series.map(comparedWire),
  pairs: pairs.map(pairWire),
})
