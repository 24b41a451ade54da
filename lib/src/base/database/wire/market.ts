import { formatTime, marketAnalytics, ohlcv, type Price, price } from '../../types/index.ts'
import type { Breadth, Candle, Candles, FoundInstrument, LatestPrice, MarketMover, MarketSummary, Page } from '../dsl/results.ts'
import { seriesWire } from './series.ts'

export const latestPriceWire = ({ builtFrom, ...record }: LatestPrice | MarketMover) => ({
  ...price.toWire(record as Price),
  ...(builtFrom && { built_from: builtFrom }),
})

/** Wire form of query results, the same for HTTP, `--json` and tools: SQL names, ISO times, figures as exact text. */
export const pricesWire = ({ items, next }: Page<LatestPrice>) => ({
  items: items.map(latestPriceWire),
  ...(next && { next }),
})

export const candlesWire = ({ series, timeframe, candles, otherSeries }: Candles) => ({
  series: seriesWire(series),
  timeframe,
  candles: candles.map(candleWire),
  other_series: otherSeries.map(seriesWire),
})

export const summaryWire = ({ analytics, breadth, gainers, losers }: MarketSummary) => ({
  simulated:
    breadth.some(({ simulated }) => simulated) ||
    [...analytics, ...gainers, ...losers].some(({ origin }) => origin === 'simulated'),
  analytics: analytics.map((row) => marketAnalytics.toWire(row)),
  breadth: breadth.map(breadthWire),
  gainers: gainers.map(latestPriceWire),
  losers: losers.map(latestPriceWire),
})

export const candleWire = ({ fromTimeframe, covered, partial, flaw, ...candle }: Candle) => ({
  ...ohlcv.toWire(candle),
  ...(fromTimeframe && { from_timeframe: fromTimeframe }),
  covered,
  partial,
  ...(flaw !== undefined && { flaw }),
})

export const foundWire = ({
  coinId,
  source,
  symbol,
  name,
  kind,
  mic,
  assetClass,
  currency,
  timezone,
  stored,
  rank,
}: FoundInstrument) => ({
  coin_id: coinId,
  ...(symbol !== undefined && { symbol }),
  ...(name !== undefined && { name }),
  ...(kind && { kind }),
  ...(assetClass && { asset_class: assetClass }),
  ...(mic !== undefined && { mic }),
  ...(currency !== undefined && { currency }),
  ...(timezone !== undefined && { timezone }),
  source,
  stored,
  ...(rank !== undefined && { rank }),
})

const breadthWire = ({ meanChange24hPct, time, ...rest }: Breadth) => ({
  ...rest,
  time: formatTime(time),
  ...(meanChange24hPct === undefined ? {} : { mean_change_24h_pct: meanChange24hPct }),
})
