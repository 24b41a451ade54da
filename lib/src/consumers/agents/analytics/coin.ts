import type { Store } from '../../../base/database/index.ts'
import { watchedCoin } from '../../../mcp-tools/bindings/watchedCoin.ts'
import type { Owner, Value } from './records.ts'
import type { CoinReport } from './report.ts'
import { type ClosedCandles, closedCandles, endOf } from './series.ts'
import type { AnalyticsSettings } from './settings.ts'
import { REGIMES, regimeOf, type VolatilityPoint, volatilities } from './volatility.ts'

export interface Computed {
  readonly owner: Owner
  readonly values: readonly Value[]
  readonly report: Omit<CoinReport, 'written'>
}

/** Indicators and volatility of one coin at its latest closed candles; undefined where it has none. */
export async function computeCoin(store: Store, coin: string, settings: AnalyticsSettings): Promise<Computed | undefined> {
  const { timeframe, points, volatility_window: window, volatility_history: history } = settings
  const found = await closedCandles(store, watchedCoin(coin, settings), timeframe, points + window + history)
  const last = found?.candles.at(-1)
  if (!found || !last) return undefined
  const { series, candles } = found
  const { coinId, source, currency, simulated } = series
  const indicators = await indicatorsOf(store, series, settings, endOf(last.time, timeframe))
  const since = candles.at(-points)?.time ?? 0
  const volatility = volatilities(candles, { timeframe, window, history }).filter(({ time }) => time >= since)
  const latest = volatility.at(-1)
  return {
    owner: { coinId, source, currency, timeframe, simulated },
    values: [...indicators, ...volatility.flatMap((point) => volatilityValues(point, settings))],
    report: {
      coin: coinId,
      source,
      currency,
      simulated,
      time: last.time,
      values: indicators.filter(({ time }) => time === last.time).map(({ name, params, value }) => ({ name, params, value })),
      ...(latest?.time === last.time && {
        volatility: {
          annual_pct: latest.annual * 100,
          ...(latest.rank !== undefined && { rank: latest.rank, regime: regimeOf(latest.rank) }),
        },
      }),
    },
  }
}

async function indicatorsOf(
  { dsl }: Store,
  { coinId: coin, source, currency }: ClosedCandles['series'],
  { timeframe, points, indicators }: AnalyticsSettings,
  to: number,
): Promise<Value[]> {
  const values: Value[] = []
  for (const name of new Set(indicators)) {
    const { params, points: found } = await dsl.calculateIndicator(name, { coin, source, currency, timeframe, to, limit: points })
    for (const { time, isFinal, partial, values: of } of found)
      if (isFinal && !partial)
        for (const [key, value] of Object.entries(of))
          values.push({ name: key === 'value' ? name : `${name}.${key}`, params, time, value })
  }
  return values
}

function volatilityValues(
  { time, annual, rank }: VolatilityPoint,
  { volatility_window: window, volatility_history: history }: AnalyticsSettings,
): Value[] {
  const ranked = `window=${window},history=${history}`
  return [
    { name: 'volatility', params: `window=${window}`, time, value: annual },
    ...(rank === undefined
      ? []
      : [
          { name: 'volatility.rank', params: ranked, time, value: rank },
          { name: 'volatility.regime', params: ranked, time, value: REGIMES.indexOf(regimeOf(rank)) },
        ]),
  ]
}
