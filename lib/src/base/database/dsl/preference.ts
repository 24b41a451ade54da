import { MANUAL } from '../../types/index.ts'

/** The properties that decide between the series of one coin. */
interface Candidate {
  readonly simulated: boolean
  readonly latest: number
  readonly source: string
  readonly currency: string
}

/**
 * Compares two series of a coin, the preferred one first: a provider's before a manual one before a simulated one, then the newest
 * data, then the name, so that the choice is stable.
 */
export function byPreference(a: Candidate, b: Candidate): number {
  return rankOf(a) - rankOf(b) || b.latest - a.latest || (nameOf(a) < nameOf(b) ? -1 : 1)
}

const rankOf = ({ simulated, source }: Candidate): number => (simulated ? 2 : source === MANUAL ? 1 : 0)

/** SQL: the same order of origins, as a number; 0 is a provider. */
export const rankOfOrigin = (origin: string): string =>
  `case ${origin} when 'simulated' then 2 when '${MANUAL}' then 1 else 0 end`

const nameOf = ({ source, currency }: Candidate): string => `${source}:${currency}`
