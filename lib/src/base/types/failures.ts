import { channel } from 'node:diagnostics_channel'
import { FAILURE_CHANNEL, type PartFailure } from './diagnostics.ts'
import type { QiError } from './errors.ts'

/** The current failure of a part that keeps retrying. */
export interface Trouble {
  /** Milliseconds since 1970. */
  readonly since: number
  readonly error: QiError
  /** Time of the next attempt, in milliseconds since 1970. */
  readonly againAt?: number
}

const failures = channel(FAILURE_CHANNEL)

export function emitFailure(part: string, { code }: QiError): void {
  if (failures.hasSubscribers) failures.publish({ part, code } satisfies PartFailure)
}
