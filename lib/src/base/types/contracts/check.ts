import type { QiError } from '../errors.ts'

/** What exercising the real path of a component found. */
export interface CheckResult {
  readonly ok: boolean
  /** Where `ok` is false: true if only a part fails and the rest works. */
  readonly degraded?: boolean
  /** One line for people: what was reached, or what is wrong. */
  readonly summary: string
  /** What to do about it. */
  readonly remedy?: string
  readonly error?: QiError
  readonly details?: Readonly<Record<string, string | number | boolean>>
}
