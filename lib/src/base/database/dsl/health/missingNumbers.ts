import type { CoverageFilter, Micros, NumberedSeries } from '../../../types/index.ts'
import type { SeriesHealth } from '../analysisResults.ts'
import type { SeriesKind } from './series.ts'

/** The part of coverage that data health needs. */
export interface KnownNumbers {
  numberGaps(filter: CoverageFilter, now: Micros): Promise<readonly NumberedSeries[]>
}

/** The missing trades of a series, by their numbers. */
export type MissingNumbers = Required<Pick<SeriesHealth, 'missing' | 'missingNumbers'>>

/** The most ranges that are listed; the greatest. */
const LISTED = 10

const keyOf = ({ source, coinId, currency }: Pick<SeriesKind, 'source' | 'coinId' | 'currency'>): string =>
  JSON.stringify([source, coinId, currency])

/**
 * The trades that are missing by number in a range, for series whose source numbers them without gaps.
 * @returns a lookup by series; undefined for any other series
 */
export async function missingNumbers(
  known: KnownNumbers,
  page: readonly SeriesKind[],
  from: Micros,
  to: Micros,
): Promise<(series: SeriesKind) => MissingNumbers | undefined> {
  const trades = page.filter(({ kind }) => kind === 'trades')
  if (trades.length === 0) return () => undefined
  const filter = {
    sources: trades.map(({ source }) => source),
    coins: trades.map(({ coinId }) => coinId),
    types: ['trade' as const],
  }
  const found = new Map((await known.numberGaps(filter, to)).map((series) => [keyOf(series), within(series, from, to)]))
  return (series) => (series.kind === 'trades' ? found.get(keyOf(series)) : undefined)
}

/** A range of numbers counts if the time between its neighbours overlaps [from, to). */
function within({ gaps }: NumberedSeries, from: Micros, to: Micros): MissingNumbers {
  const inside = gaps.filter((gap) => gap.from < to && gap.to > from)
  const most = inside.toSorted((a, b) => b.missing - a.missing).slice(0, LISTED)
  return {
    missing: inside.reduce((sum, { missing }) => sum + missing, 0),
    missingNumbers: most.sort((a, b) => a.numbers.first - b.numbers.first),
  }
}
