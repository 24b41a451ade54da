import { type CoveredSeries, type Gap, type HistoryOffer, silentLogger } from '../../../base/index.ts'
import { sourceDefinitions } from '../../../publishers/index.ts'
import type { PlatformConfig } from '../config.ts'

/** What each source can give of the past, as it is set; those that give nothing are not there. */
export async function historyOffers(config: PlatformConfig): Promise<ReadonlyMap<string, readonly HistoryOffer[]>> {
  const offers = new Map<string, readonly HistoryOffer[]>()
  for (const { name, history } of Object.values(sourceDefinitions)) {
    if (!history) continue
    await using opened = await history(config[name] as never, { logger: silentLogger })
    offers.set(name, opened.offers())
  }
  return offers
}

/** Whether it is worth asking the source for a gap: it gives such records, and has not been asked in vain. */
export function canFill(offers: ReadonlyMap<string, readonly HistoryOffer[]>, series: CoveredSeries, gap: Gap): boolean {
  if (gap.settled) return false
  const given = offers.get(series.source) ?? []
  return given.some(({ type, timeframe }) => type === series.type && (type === 'price' || timeframe === series.timeframe))
}
