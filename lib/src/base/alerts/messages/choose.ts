import type { Alert, Micros } from '../../types/index.ts'
import type { Kind } from './subject.ts'

/** One alert in a message. */
export interface Notice {
  readonly subject: string
  readonly kind: Kind
  readonly alert: Alert
  /** True if it was delayed, by quiet hours or by the limit of messages. */
  readonly held: boolean
}

export interface MessagePolicy {
  /** Most messages a minute; the last one has all alerts that are due. */
  readonly atMost: number
  /** Alerts of one group that are due at the same time share a message. */
  readonly groupBy: (alert: Alert) => string
  /** The end of the quiet hours around `now`; undefined outside of them. */
  readonly quietUntil: (now: Micros) => Micros | undefined
  /** Interval of reminders of an active alert, in microseconds; undefined: none. */
  readonly remind: Micros | undefined
}

export interface Choice {
  /** The alerts of the next message; empty where it must wait. */
  readonly message: readonly Notice[]
  /** The alerts that wait for the end of the quiet hours. */
  readonly postponed: readonly Notice[]
}

/**
 * Chooses the next message among the due alerts. Pure.
 * @param due the most urgent first
 * @param left number of messages that this minute can still have
 */
export function choose(due: readonly Notice[], left: number, quiet: boolean, { groupBy }: MessagePolicy): Choice {
  const [now, postponed] = quiet ? split(due, ({ alert }) => alert.severity === 'critical') : [due, []]
  const [first] = now
  if (first === undefined || left < 1) return { message: [], postponed }
  const held = now.filter((one) => one.held)
  const group = now.filter(({ alert }) => groupBy(alert) === groupBy(first.alert))
  if (left === 1) return { message: now, postponed }
  return { message: first.held ? held : group, postponed }
}

function split<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter((one) => !test(one))]
}
