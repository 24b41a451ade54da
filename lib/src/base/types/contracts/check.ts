import type { QiError } from '../errors.ts'

/** The result of exercising a component's real path. */
export interface CheckResult {
  readonly ok: boolean
  /** With `ok` false: true if only a part fails. */
  readonly degraded?: boolean
  /** One line for people: the reached peer, or the fault. */
  readonly summary: string
  /** The next step for the user. */
  readonly remedy?: string
  readonly error?: QiError
  readonly details?: Readonly<Record<string, string | number | boolean>>
}
