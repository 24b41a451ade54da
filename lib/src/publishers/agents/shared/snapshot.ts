import { formatTime, parseTime, price, timeframeMicros } from '../../../base/types/index.ts'
import type { TimescaleDBDSL } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { watchedCoin } from '../../../mcp-tools/bindings/watchedCoin.ts'
import { unlessNotFound } from './notFound.ts'
import type { Snapshot, Unseen } from './report.ts'
import type { MarketSettings } from './settings.ts'

const HOUR = 3_600_000_000
/** Candles that are searched for anomalies. */
const SEARCHED = 24
/** Most anomalies in the snapshot. */
const MOST_ANOMALIES = 5
/** If candles are missing, the base of a change may be this many candles too old. */
const SLACK = 2
/** Most other sources in the snapshot. */
const MOST_SOURCES = 10

/** Price, indicators, anomalies and changes of a coin, by its preferred series. */
export async function snapshotOf(
  store: TimescaleDBDSL,
  entry: string,
  settings: MarketSettings,
  signal: AbortSignal,
): Promise<Snapshot | Unseen> {
  const { timeframe, anomaly_window: window, anomaly_threshold: threshold } = settings
  const watched = watchedCoin(entry, settings)
  const options = { signal }
  const analysis = await store.technicalAnalysis({ ...watched, timeframe }, options).catch(unlessNotFound)
  if (!analysis) {
    const { coin, currency, source } = watched
    return { coin, missing: `nothing is stored${currency ? ` in ${currency}` : ''}${source ? ` from ${source}` : ''}` }
  }
  const { series, time: candle, close, indicators, signals } = analysis
  const of = { coin: series.coin_id, source: series.source, currency: series.currency }
  const { anomalies } = await store.anomalies(
    { ...of, timeframe, window, threshold, limit: SEARCHED, most: MOST_ANOMALIES },
    options,
  )
  const { items } = await store.latestPrices(
    { coins: [of.coin], sources: [of.source], currencies: [of.currency], include_simulated: true, limit: 1 },
    options,
  )
  const latest = items[0] && price.fromWire(items[0])
  const hours = settings.alerts.flatMap((rule) =>
    rule.when === 'change' && (rule.coin ?? of.coin) === of.coin ? [rule.hours] : [],
  )
  const changes = []
  for (const span of new Set(hours)) {
    const base = parseTime(candle) - span * HOUR
    const { candles } = await store.candles({ ...of, timeframe, to: formatTime(base + 1), limit: 1 }, options)
    const before = candles[0]
    if (before && parseTime(before.time) >= base - SLACK * timeframeMicros(timeframe))
      changes.push({ hours: span, pct: (Number(close) / Number(before.close) - 1) * 100, since: before.time })
  }
  return {
    ...of,
    simulated: series.simulated,
    price: latest?.price ?? close,
    time: latest ? formatTime(latest.time) : candle,
    ...(latest?.change24hPct !== undefined && { change_24h_pct: latest.change24hPct }),
    candle,
    close,
    indicators,
    signals,
    anomalies: anomalies.map(({ time, log_return, score }) => ({ time, log_return, ...(score !== undefined && { score }) })),
    changes,
    sources: await otherSources(store, { ...of, simulated: series.simulated }, timeframe, options),
  }
}

/** The other sources of the coin, beside the one that is examined. */
async function otherSources(
  store: TimescaleDBDSL,
  { coin, source, currency, simulated }: Pick<Snapshot, 'coin' | 'source' | 'currency' | 'simulated'>,
  timeframe: MarketSettings['timeframe'],
  options: { readonly signal: AbortSignal },
): Promise<Snapshot['sources']> {
  const asked = { coin, reference: source, like: true, timeframe, limit: SEARCHED, include_simulated: simulated }
  const found = await store.compare(asked, options).catch(unlessNotFound)
  const beside = found?.pairs.filter(({ reference }) => reference.coin_id === coin && reference.currency === currency) ?? []
  return beside
    .map(({ other, difference, difference_bps, candles, median_bps }) => ({
      ...{ other, candles },
      ...(difference !== undefined && { difference }),
      ...(difference_bps !== undefined && { difference_bps }),
      ...(median_bps !== undefined && { median_bps }),
    }))
    .sort((a, b) => distanceOf(b) - distanceOf(a))
    .slice(0, MOST_SOURCES)
}

const distanceOf = ({ difference_bps, median_bps }: Snapshot['sources'][number]): number =>
  Math.abs(difference_bps ?? median_bps ?? 0)
