import { setTimeout } from 'node:timers/promises'
import {
  formatTime,
  marketAnalytics,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  QiError,
  toQiError,
} from '../../../base/types/index.ts'
import type { TimescaleDBDSL } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import type { CryptoCarriers } from './carriers.ts'
import type { Fetched } from './report.ts'
import type { MarketSettings } from './settings.ts'

/** Published records are stored a moment later. */
const STORED_WITHIN_MS = 20_000
const LOOK_MS = 50

type Provider = NonNullable<CryptoCarriers['provider']>

/** Fetches prices, a day of candles and the market figures from a provider, and writes them by `write`. */
export async function fetchMarket(
  { name, verbs }: Provider,
  { store, write }: Pick<CryptoCarriers, 'store' | 'write'>,
  coins: readonly string[],
  { currency }: Pick<MarketSettings, 'currency'>,
  signal: AbortSignal,
): Promise<Fetched> {
  const problems: string[] = []
  const asked = async <R>(
    what: string,
    ask: () => Promise<{ records: readonly R[]; rejected: readonly { reason: string }[] }>,
  ) => {
    try {
      const { records, rejected } = await ask()
      problems.push(...rejected.map(({ reason }) => `${what}: ${reason}`))
      return records
    } catch (error) {
      if (signal.aborted) throw error
      problems.push(`${what}: ${toQiError(error).message}`)
      return []
    }
  }
  const prices = await asked('prices', () => verbs.getCurrentPrices({ coins: [...coins], currencies: [currency] }, { signal }))
  await write(price, prices)
  const market = await asked('market', () => verbs.getMarketAnalytics({ currencies: [currency] }, { signal }))
  await write(marketAnalytics, market)
  const candles: Ohlcv[] = []
  for (const { coinId: coin } of prices) {
    const bars = await asked(`candles of ${coin}`, () => verbs.getOHLCVData({ coin, currency, days: '1' }, { signal }))
    await write(ohlcv, bars)
    candles.push(...bars)
  }
  const stored = await areStored(store, prices, candles, signal)
  return { from: name, prices: prices.length, candles: candles.length, market: market.length, stored, problems }
}

async function areStored(
  store: TimescaleDBDSL,
  prices: readonly Price[],
  candles: readonly Ohlcv[],
  signal: AbortSignal,
): Promise<boolean> {
  const newest = new Map(candles.map((bar) => [bar.coinId, bar])) // oldest first
  const waiting = [
    ...prices.map((one) => () => hasPrice(store, one, signal)),
    ...[...newest.values()].map((bar) => () => hasBar(store, bar, signal)),
  ]
  const deadline = performance.now() + STORED_WITHIN_MS
  for (const isThere of waiting)
    while (!(await isThere())) {
      if (performance.now() > deadline) return false
      await setTimeout(LOOK_MS, undefined, { signal }).catch(() => {
        throw new QiError('CANCELLED', 'waiting for the store was cancelled')
      })
    }
  return true
}

async function hasPrice(store: TimescaleDBDSL, { coinId, source, currency, time }: Price, signal: AbortSignal): Promise<boolean> {
  const { items } = await store.latestPrices(
    { coins: [coinId], sources: [source], currencies: [currency], include_simulated: true, limit: 1 },
    { signal },
  )
  return items.some((item) => price.fromWire(item).time >= time)
}

async function hasBar(
  store: TimescaleDBDSL,
  { source, coinId, currency, timeframe, time }: Ohlcv,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await store.query(
    { query: 'candles', arguments: { coin: coinId, source, currency, timeframe, from: formatTime(time) }, limit: 1 },
    { signal },
  )
  return found.rows.length > 0
}
