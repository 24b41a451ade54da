import type { Micros } from '../../../types/index.ts'
import type { CoverageFilter, NumberedSeries } from '../../coverage/model.ts'
import type { SeriesHealth } from '../analysisResults.ts'
import type { SeriesKind } from './series.ts'

/** Coverage, as far as data health asks it. */
export interface KnownNumbers {
  numberGaps(filter: CoverageFilter, now: Micros): Promise<readonly NumberedSeries[]>
}

/** Missing trades by their numbers. */
export type MissingNumbers = Required<Pick<SeriesHealth, 'missing' | 'missingNumbers'>>

/** Ranges that are listed, the greatest. */
const LISTED = 10

const keyOf = ({ source, coinId, currency }: Pick<SeriesKind, 'source' | 'coinId' | 'currency'>): string =>
  JSON.stringify([source, coinId, currency])

/**
 * The trades that are missing by number in a stretch, of those of the series that are numbered without a gap.
 * @returns by series; nothing for any other
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

/** A range belongs to the stretch that its neighbours in time, or one of them, lie in. */
function within({ gaps }: NumberedSeries, from: Micros, to: Micros): MissingNumbers {
  const inside = gaps.filter((gap) => gap.from < to && gap.to > from)
  const most = inside.toSorted((a, b) => b.missing - a.missing).slice(0, LISTED)
  return {
    missing: inside.reduce((sum, { missing }) => sum + missing, 0),
    missingNumbers: most.sort((a, b) => a.numbers.first - b.numbers.first),
  }
}
