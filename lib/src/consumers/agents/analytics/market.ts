import type { Store } from '../../../base/database/index.ts'
import { formatTime, MANUAL, type Micros, parseTime, QiError } from '../../../base/types/index.ts'
import type { TimescaleDBDSL } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { breadths } from './breadth.ts'
import type { Owner, Value } from './records.ts'
import type { BreadthReport, Correlations } from './report.ts'
import { closedCandles, endOf } from './series.ts'
import type { AnalyticsSettings } from './settings.ts'

/** Most coins in one call of the tool. */
const MOST_CORRELATED = 8

/** Values with their owner. */
export interface Owned {
  readonly owner: Owner
  readonly values: readonly Value[]
}

export type MarketBreadth = Owned & { readonly report: BreadthReport }

/** Breadth over the coins of each currency, that of the most coins first. Its source is the agent, because it has several sources. */
export async function marketBreadths(
  store: Store,
  owners: readonly Owner[],
  settings: AnalyticsSettings,
): Promise<readonly MarketBreadth[]> {
  // A coin that is watched at several sources counts once, by its first.
  const distinct = [...Map.groupBy(owners, ({ coinId, currency }) => `${currency} ${coinId}`).values()].flatMap(
    ([first]) => first ?? [],
  )
  const groups = [...Map.groupBy(distinct, ({ currency }) => currency)]
  const found = await Promise.all(groups.map(([currency, coins]) => breadthIn(store, currency, coins, settings)))
  return found.filter((one) => one !== undefined).toSorted((a, b) => b.report.coins - a.report.coins)
}

async function breadthIn(
  store: Store,
  currency: string,
  owners: readonly Owner[],
  { timeframe, points, breadth_average: average }: AnalyticsSettings,
): Promise<MarketBreadth | undefined> {
  const limit = points + average
  const found = await Promise.all(
    owners.map(({ coinId: coin, source }) => closedCandles(store, { coin, source, currency }, timeframe, limit)),
  )
  const held = found.filter((one) => one !== undefined)
  const all = breadths(
    held.map(({ candles }) => candles),
    timeframe,
    average,
  ).slice(-points)
  const last = all.at(-1)
  if (!last) return undefined
  const params = `coins=${held.length}`
  const simulated = held.some(({ series }) => series.simulated)
  const manual = held.some(({ series }) => series.source === MANUAL)
  return {
    owner: { coinId: 'market', source: 'analytics', currency, timeframe, simulated, manual },
    values: all.flatMap(({ time, breadth, aboveAverage }) => [
      { name: 'breadth', params, time, value: breadth },
      ...(aboveAverage === undefined
        ? []
        : [{ name: 'breadth.above_average', params: `${params},period=${average}`, time, value: aboveAverage }]),
    ]),
    report: {
      currency,
      time: formatTime(last.time),
      coins: held.length,
      advancers: last.advancers,
      decliners: last.decliners,
      unchanged: last.unchanged,
      breadth: last.breadth,
      ...(last.aboveAverage !== undefined && { above_average: last.aboveAverage }),
    },
  }
}

/** Correlations of each pair of the first coins; undefined where they have too few candles in common. */
export async function correlations(
  { correlation }: TimescaleDBDSL,
  owners: readonly Owner[],
  last: Micros,
  { timeframe, correlation_candles: limit }: Pick<AnalyticsSettings, 'timeframe' | 'correlation_candles'>,
  signal: AbortSignal,
): Promise<{ readonly owned: readonly Owned[]; readonly report: Correlations } | undefined> {
  // A coin that is watched at several sources correlates with itself: its first source counts.
  const distinct = [...new Map(owners.toReversed().map((owner) => [owner.coinId, owner])).values()].toReversed()
  const [source, currency] = [common(distinct, 'source'), common(distinct, 'currency')]
  const chosen = distinct.slice(0, MOST_CORRELATED).toSorted((a, b) => (a.coinId < b.coinId ? -1 : 1))
  if (chosen.length < 2) return undefined
  try {
    const found = await correlation(
      {
        coins: chosen.map(({ coinId }) => coinId),
        timeframe,
        limit,
        to: formatTime(endOf(last, timeframe)),
        ...(source !== undefined && { source }),
        ...(currency !== undefined && { currency }),
      },
      { signal },
    )
    const time = parseTime(found.to)
    const ownerOf = new Map(chosen.map((owner) => [owner.coinId, owner]))
    const owned = found.pairs.flatMap(({ a, b, r }) => {
      const [owner, other] = [ownerOf.get(a), ownerOf.get(b)]
      if (r === undefined || !owner || !other) return []
      const simulated = owner.simulated || other.simulated
      const manual = owner.source === MANUAL || other.source === MANUAL
      const value = { name: 'correlation', params: `with=${other.source}:${b},candles=${limit}`, time, value: r }
      return [{ owner: { ...owner, simulated, manual }, values: [value] }]
    })
    const { from, to, n, pairs } = found
    return { owned, report: { from, to, n, pairs } }
  } catch (error) {
    if (error instanceof QiError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

/** The source or the currency that all have; undefined if they differ. */
function common(owners: readonly Owner[], name: 'source' | 'currency'): string | undefined {
  const values = new Set(owners.map((owner) => owner[name]))
  return values.size === 1 ? [...values][0] : undefined
}
