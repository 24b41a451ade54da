import { type CoveredSeries, type Gap, type HistoryOffer, type SourceInstance, silentLogger } from '../../../base/types/index.ts'
import type { PlatformConfig } from '../config.ts'

/**
 * The history that each of these sources offers, by its settings; without sources that offer none, or cannot be opened: their own runs
 * and backfills say why.
 */
export async function historyOffers(config: PlatformConfig, names: Iterable<string>): Promise<Offers> {
  const offers = new Map<string, readonly HistoryOffer[]>()
  for (const name of new Set(names)) {
    const source = config.sources.instances.get(name)
    if (source) offers.set(name, await offersOf(source).catch(() => []))
  }
  return offers
}

async function offersOf({ name, type, settings }: SourceInstance): Promise<readonly HistoryOffer[]> {
  if (!type.history) return []
  await using opened = await type.history(settings, { name, logger: silentLogger })
  return opened.offers()
}

export type Offers = ReadonlyMap<string, readonly HistoryOffer[]>

/** True if the source offers such history. */
export const offersSeries = (offers: Offers, { source, type, timeframe }: CoveredSeries): boolean =>
  (offers.get(source) ?? []).some((offer) => offer.type === type && (type !== 'ohlcv' || offer.timeframe === timeframe))

/** True if a backfill may fill the gap: the source offers such history and has not been asked in vain. */
export const canFill = (offers: Offers, series: CoveredSeries, gap: Gap): boolean => !gap.settled && offersSeries(offers, series)
