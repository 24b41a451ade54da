import type { Alert, Micros } from '../types/index.ts'

/** The result of one rule on one series. */
export interface RuleResult
  extends Pick<Alert, 'name' | 'coinId' | 'source' | 'currency' | 'severity' | 'origin' | 'value' | 'message' | 'asOf'> {
  /** True if the rule holds by the data of `asOf`. */
  readonly holds: boolean
}

export interface AlertChanges {
  readonly raised: readonly Alert[]
  readonly cleared: readonly Alert[]
  /** All active alerts after the evaluation. */
  readonly active: readonly Alert[]
}

export interface Evaluation {
  /** The agent or pipeline that evaluates; it only changes alerts of its own. */
  readonly raisedBy: string
  readonly judged: readonly RuleResult[]
  /** True if a rule is about the alert, or may be later. Other alerts are cleared. */
  readonly covers: (alert: Alert) => boolean
}

type Subject = Pick<Alert, 'name' | 'coinId' | 'source' | 'currency'>

const subjectOf = ({ name, coinId, source, currency }: Subject): string => JSON.stringify([name, coinId, source, currency])

/**
 * Raises alerts whose rules hold, and clears alerts whose rules no longer hold or that no rule covers. A rule without a result changes
 * nothing. Pure.
 * @param active the active alerts of this agent or pipeline
 * @param now the time of the alerts that are raised and cleared
 */
export function decide({ raisedBy, judged, covers }: Evaluation, active: readonly Alert[], now: Micros): AlertChanges {
  const open = new Map(active.map((alert) => [subjectOf(alert), alert]))
  const [raised, cleared]: [Alert[], Alert[]] = [[], []]
  const clear = (alert: Alert) => {
    open.delete(subjectOf(alert))
    // Later than the raise, even where the clock was set back.
    const at = Math.max(now, alert.receivedAt + 1)
    cleared.push({ ...alert, receivedAt: at, clearedAt: at })
  }
  for (const { holds, ...one } of judged) {
    const subject = subjectOf(one)
    const known = open.get(subject)
    if (holds && known === undefined) {
      const alert: Alert = { ...one, raisedBy, time: now, receivedAt: now }
      raised.push(alert)
      open.set(subject, alert)
    }
    // Data from before the alert cannot clear it.
    if (!holds && known !== undefined && one.asOf >= known.asOf) clear(known)
  }
  for (const alert of active) if (open.has(subjectOf(alert)) && !covers(alert)) clear(alert)
  return { raised, cleared, active: [...open.values()].toSorted((a, b) => a.time - b.time) }
}
