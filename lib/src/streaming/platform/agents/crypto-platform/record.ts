import { type Incident, IncidentLog, type StepContext } from '../../../../base/agent/index.ts'
import type { Pool } from '../../../../base/database/index.ts'
import { lagOf, type Plan } from './decide.ts'
import { RESTARTED } from './restarting.ts'

/** The outcome of one action. */
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

/** Writes the incidents with the actions taken; exactly once, even if the step is repeated. */
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

/** The incidents with the actions taken. An action on a lag that is over, such as a member that leaves, belongs to the last incident. Pure. */
export function withDone({ plan, restarts, scalings }: Acted): Incident[] {
  const incidents = new Map(plan.incidents.map((incident) => [`${incident.part} ${incident.since}`, incident]))
  const all = [...restarts, ...scalings.map((done) => ({ ...done, of: lagOf(done.of) }))]
  for (const { of, at, what } of all) {
    const candidates = [...incidents.values(), ...plan.snapshot.known].filter(({ part }) => part === of)
    const incident = candidates.find(({ until }) => until === null) ?? candidates[0]
    if (!incident) continue
    const key = `${incident.part} ${incident.since}`
    incidents.set(key, { ...incident, done: [...incident.done, { at, what }] })
  }
  return [...incidents.values()]
}

export const restarted = (why: string): string => `${RESTARTED}: ${why}`
