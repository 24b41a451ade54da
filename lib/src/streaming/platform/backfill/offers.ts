import { type CoveredSeries, type Gap, type HistoryOffer, silentLogger } from '../../../base/types/index.ts'
import type { PlatformConfig } from '../config.ts'

/** The history that each source offers, by its settings; without sources that offer none. */
export async function historyOffers(config: PlatformConfig): Promise<ReadonlyMap<string, readonly HistoryOffer[]>> {
  const offers = new Map<string, readonly HistoryOffer[]>()
  for (const { name, type, settings } of config.sources.instances.values()) {
    if (!type.history) continue
    await using opened = await type.history(settings, { name, logger: silentLogger })
    offers.set(name, opened.offers())
  }
  return offers
}

export type Offers = ReadonlyMap<string, readonly HistoryOffer[]>

/** True if the source offers such history. */
export const offersSeries = (offers: Offers, { source, type, timeframe }: CoveredSeries): boolean =>
  (offers.get(source) ?? []).some((offer) => offer.type === type && (type !== 'ohlcv' || offer.timeframe === timeframe))

/** True if a backfill may fill the gap: the source offers such history and has not been asked in vain. */
export const canFill = (offers: Offers, series: CoveredSeries, gap: Gap): boolean => !gap.settled && offersSeries(offers, series)
