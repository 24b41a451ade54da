import { type CoveredSeries, type Gap, type HistoryOffer, silentLogger } from '../../../base/index.ts'
import type { PlatformConfig } from '../config.ts'

/** What each source can give of the past, as it is set; those that give nothing are not there. */
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

/** Whether the source gives such records of the past. */
export const offersSeries = (offers: Offers, { source, type, timeframe }: CoveredSeries): boolean =>
  (offers.get(source) ?? []).some((offer) => offer.type === type && (type !== 'ohlcv' || offer.timeframe === timeframe))

/** Whether it is worth asking the source for a gap: it gives such records, and has not been asked in vain. */
export const canFill = (offers: Offers, series: CoveredSeries, gap: Gap): boolean => !gap.settled && offersSeries(offers, series)
