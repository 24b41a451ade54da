/** What decides between the series of one coin. */
interface Candidate {
  readonly simulated: boolean
  readonly latest: number
  readonly source: string
  readonly currency: string
}

/** Real before simulated, then the most recent data, then by name so that the choice is stable. */
export function byPreference(a: Candidate, b: Candidate): number {
  if (a.simulated !== b.simulated) return a.simulated ? 1 : -1
  return b.latest - a.latest || (nameOf(a) < nameOf(b) ? -1 : 1)
}

const nameOf = ({ source, currency }: Candidate): string => `${source}:${currency}`
