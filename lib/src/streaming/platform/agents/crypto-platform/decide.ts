import type { Incident } from '../../../../base/agent/index.ts'
import { countOf, type Outage } from '../../../../base/types/index.ts'
import type { Backlog } from './LagWatch.ts'
import { RESTARTED, restartingOf } from './restarting.ts'
import { isBehind, type Scaling, scalingOf } from './scaling.ts'
import type { CryptoPlatformSettings } from './settings.ts'
import type { Snapshot } from './snapshot.ts'

export interface Plan {
  readonly snapshot: Snapshot
  /** New and changed incidents, before any action. */
  readonly incidents: readonly Incident[]
  readonly restarts: readonly { readonly part: string; readonly why: string }[]
  readonly scalings: readonly Scaling[]
}

/** The part of a consumer's lag in incidents. */
export const lagOf = (consumer: string): string => `lag of ${consumer}`
/** True for the incidents that the agent of the services keeps. */
const isOthers = (part: string): boolean => part.startsWith('service ')

/** Decides incidents, restarts and scalings by a snapshot. Pure. */
export function decide(snapshot: Snapshot, settings: CryptoPlatformSettings): Plan {
  if (!snapshot.running) return { snapshot, incidents: [], restarts: [], scalings: [] }
  const { now, act, restartable } = snapshot
  const restarts: { part: string; why: string }[] = []
  const incidents = [...ofOutages(snapshot), ...ofBacklogs(snapshot, settings), ...unreported(snapshot)].map((incident) => {
    if (!act || incident.until !== null || !restartable.includes(incident.part)) return incident
    const decided = restartingOf(incident, settings, now)
    if (decided.restart) restarts.push({ part: incident.part, why: decided.why })
    else if (decided.note !== undefined) return noted(incident, decided.note, now)
    return incident
  })
  const scalings = act ? snapshot.backlogs.flatMap((backlog) => scalingOf(backlog, settings, now) ?? []) : []
  return { snapshot, incidents, restarts, scalings }
}

/** The incident with a note, which is added once. */
const noted = (incident: Incident, what: string, now: number): Incident =>
  incident.done.some((one) => one.what === what)
    ? incident
    : { ...incident, done: [...incident.done, { at: new Date(now).toISOString(), what }] }

/** A part that has just been restarted looks healthy for a moment: a failure within this time belongs to the same incident. */
const RELAPSE_MS = 60_000
const relapsed = ({ until, done }: Incident, since: number): boolean =>
  until !== null && since - Date.parse(until) < RELAPSE_MS && done.some(({ what }) => what.startsWith(RESTARTED))

/** One incident for each outage. An outage that outlasts a restart of the process stays one incident. */
function ofOutages({ outages, known }: Snapshot): Incident[] {
  return outages.flatMap((outage) => {
    if (isOthers(outage.part)) return []
    const { part, since, until = Number.POSITIVE_INFINITY } = outage
    const around = known.filter((one) => one.part === part && Date.parse(one.since) <= since)
    if (around.some((one) => one.until !== null && Date.parse(one.until) >= until)) return []
    const same = around.find((one) => one.until === null) ?? around.find((one) => relapsed(one, since))
    return [{ ...incidentOf(outage), ...(same && { since: same.since, done: same.done, evidence: same.evidence }) }]
  })
}

const incidentOf = ({ part, status, since, until, summary, code }: Outage): Incident => ({
  part,
  since: new Date(since).toISOString(),
  status,
  code: code ?? 'UNAVAILABLE',
  why: summary,
  done: [],
  evidence: [],
  until: until === undefined ? null : new Date(until).toISOString(),
  ending: until === undefined ? null : 'it is well again',
})

function ofBacklogs({ backlogs, known, now }: Snapshot, settings: CryptoPlatformSettings): Incident[] {
  return backlogs.flatMap((backlog) => {
    const open = known.find(({ part, until }) => part === lagOf(backlog.consumer) && until === null)
    if (open && backlog.lag <= settings.scale_down_lag)
      return [{ ...open, until: new Date(now).toISOString(), ending: countOf(backlog.lag, 'record waits', 'records wait') }]
    if (!isBehind(backlog, settings, now)) return []
    return [atMost(backlog, open ?? lagging(backlog, settings), now)]
  })
}

const lagging = ({ consumer, members, lag, behindSince = 0 }: Backlog, { scale_up_lag }: CryptoPlatformSettings): Incident => ({
  part: lagOf(consumer),
  since: new Date(behindSince).toISOString(),
  status: 'degraded',
  code: 'LAG',
  why: `${countOf(lag, 'record waits', 'records wait')} for ${countOf(members, 'reader')}, more than ${scale_up_lag} for each`,
  done: [],
  evidence: [],
  until: null,
  ending: null,
})

const atMost = ({ members, most }: Backlog, incident: Incident, now: number): Incident =>
  members < most
    ? incident
    : noted(incident, `no reader joins: ${countOf(members, 'is as many', 'are as many')} as partitions and settings allow`, now)

/** Known incidents that no current outage reports: they end now. */
function unreported({ known, outages, parts, backlogs, now }: Snapshot): Incident[] {
  const until = new Date(now).toISOString()
  return known.flatMap((incident) => {
    const { part, since } = incident
    if (incident.until !== null || isOthers(part)) return []
    if (outages.some((one) => one.part === part && one.since >= Date.parse(since))) return []
    if (backlogs.some(({ consumer }) => lagOf(consumer) === part)) return []
    return [{ ...incident, until, ending: parts[part] ? 'it is well again' : 'it runs here no more' }]
  })
}
