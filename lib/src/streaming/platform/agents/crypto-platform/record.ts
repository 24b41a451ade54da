import { type Incident, IncidentLog, type Pool, type StepContext } from '../../../../base/index.ts'
import { lagOf, type Plan } from './decide.ts'
import { STARTED_AGAIN } from './restarting.ts'

/** What came of one thing that was to be done. */
export interface Done {
  /** Part or consumer. */
  readonly of: string
  readonly at: string
  readonly what: string
}

export interface Acted {
  readonly plan: Plan
  readonly restarts: readonly Done[]
  readonly scalings: readonly Done[]
}

/** The incidents with what was done about them: exactly once, whatever is repeated. */
export async function record(
  acted: Acted,
  pool: Pool,
  context: StepContext,
): Promise<Acted & { readonly incidents: Incident[] }> {
  const incidents = withDone(acted)
  const log = await IncidentLog.open(pool)
  await context.transaction(async (client) => {
    await log.write(incidents, client)
    return incidents.length
  })
  return { ...acted, incidents }
}

/** Pure. What is done about a lag that is over, as when a reader leaves, belongs to the last one. */
export function withDone({ plan, restarts, scalings }: Acted): Incident[] {
  const incidents = new Map(plan.incidents.map((incident) => [`${incident.part} ${incident.since}`, incident]))
  const all = [...restarts, ...scalings.map((done) => ({ ...done, of: lagOf(done.of) }))]
  for (const { of, at, what } of all) {
    const candidates = [...incidents.values(), ...plan.looked.known].filter(({ part }) => part === of)
    const incident = candidates.find(({ until }) => until === null) ?? candidates[0]
    if (!incident) continue
    const key = `${incident.part} ${incident.since}`
    incidents.set(key, { ...incident, done: [...incident.done, { at, what }] })
  }
  return [...incidents.values()]
}

export const startedAgain = (why: string): string => `${STARTED_AGAIN}: ${why}`
