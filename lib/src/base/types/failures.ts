import { channel } from 'node:diagnostics_channel'
import type { ErrorCode, QiError } from './errors.ts'

/** Where each failure of a part is told, also of one that is tried again; calls to peers and appends have channels of their own. */
export const FAILURE_CHANNEL = 'qicore:failure'

export interface PartFailure {
  /** As it is called in the health of the platform, such as `consumer crypto-data`. */
  readonly part: string
  readonly code: ErrorCode
}

/** What keeps a part from its work now, though it goes on trying. */
export interface Trouble {
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  readonly error: QiError
  /** When it is tried again, in milliseconds since 1970. */
  readonly againAt?: number
}

const failures = channel(FAILURE_CHANNEL)

export function tellFailure(part: string, { code }: QiError): void {
  if (failures.hasSubscribers) failures.publish({ part, code } satisfies PartFailure)
}
