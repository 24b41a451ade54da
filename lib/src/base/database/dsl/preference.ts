import { MANUAL } from '../../types/index.ts'

/** What decides between the series of one coin. */
interface Candidate {
  readonly simulated: boolean
  readonly latest: number
  readonly source: string
  readonly currency: string
}

/** Series of providers come before those that were handed in, and these before simulated ones; then the most recent data, then by
 * name so that the choice is stable. */
export function byPreference(a: Candidate, b: Candidate): number {
  return rankOf(a) - rankOf(b) || b.latest - a.latest || (nameOf(a) < nameOf(b) ? -1 : 1)
}

const rankOf = ({ simulated, source }: Candidate): number => (simulated ? 2 : source === MANUAL ? 1 : 0)

/** The same order of origins, in SQL: 0 is a provider's word. */
export const rankOfOrigin = (origin: string): string =>
  `case ${origin} when 'simulated' then 2 when '${MANUAL}' then 1 else 0 end`

const nameOf = ({ source, currency }: Candidate): string => `${source}:${currency}`
