import type { Alert, Micros } from '../../types/index.ts'

/**
 * The alerts of one rule on one series, in one destination. Its state is `active` and `told`:
 *
 * | active | told | meaning | message that may be due |
 * |---|---|---|---|
 * | yes | no | raised, not yet sent | `raised` |
 * | yes | yes | raised and sent | `reminder` |
 * | no | yes | cleared, not yet sent | `cleared` |
 * | no | no | cleared and sent, or over before it was sent | `over` |
 */
export interface Subject {
  /** The latest record of the latest of its alerts. */
  readonly alert: Alert
  readonly active: boolean
  /** True if a message said that it is active, and none yet that it is over. */
  readonly told: boolean
  /** Time at which the next message is due; undefined: none is. */
  readonly dueAt: Micros | undefined
}

export interface NoteOptions {
  readonly now: Micros
  /** An unsent alert that ended longer ago than this is not sent, in microseconds. */
  readonly maxAge: Micros
  /** Interval of reminders of an active alert, in microseconds; undefined: none. */
  readonly remind: Micros | undefined
}

export const subjectOf = ({ raisedBy, name, coinId, source, currency }: Alert): string =>
  JSON.stringify([raisedBy, name, coinId, source, currency])

/** The subject after a record of an alert: the same object where the record is a repeat, or older than the known one. Pure. */
export function note(known: Subject | undefined, alert: Alert, { now, maxAge, remind }: NoteOptions): Subject {
  const active = alert.clearedAt === undefined
  const recent = active || (alert.clearedAt as Micros) >= now - maxAge
  if (known === undefined) return { alert, active, told: false, dueAt: recent ? now : undefined }
  const isLater = alert.time > known.alert.time || (alert.time === known.alert.time && alert.receivedAt > known.alert.receivedAt)
  if (!isLater) return known
  // A late record of the raise; the alert is over already.
  if (alert.time === known.alert.time && active && !known.active) return known
  if (active === known.active && active) return { ...known, alert }
  const { told } = known
  // Raised again before the message that it was over: for people it stayed active.
  if (active && told) return { alert, active, told, dueAt: remind === undefined ? undefined : now + remind }
  return { alert, active, told, dueAt: told || recent ? now : undefined }
}

export type Kind = 'raised' | 'reminder' | 'cleared' | 'over'

/** The kind of the message that is due. `over` is about an alert that was raised and cleared before a message was sent. */
export const kindOf = ({ active, told }: Pick<Subject, 'active' | 'told'>): Kind =>
  active ? (told ? 'reminder' : 'raised') : told ? 'cleared' : 'over'
