import { type QiError, systemCode } from '../../../base/types/index.ts'

/** System codes of a network without a way to the provider. */
const NO_NETWORK = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH', 'ECONNREFUSED'])

/** The retry that a lower layer announces. It is left out: the wait of the backfill is the longer one. */
const AGAIN = /[;:,] (?:it is )?(?:(?:tried again|retried) in [\d.]+ s|being (?:tried again|retried))/g

/** Lines for people about failures that are retried: one line a failure, one line for a whole network outage. */
export class RetryNotices {
  #unreachable = false

  /** A line with the failure of a fetch and the wait before the next; undefined during an outage that has had its line. */
  failed(error: QiError, waitMs: number): string | undefined {
    const message = error.message.replace(AGAIN, '')
    const code = systemCode(error)
    if (code && NO_NETWORK.has(code)) {
      if (this.#unreachable) return undefined
      this.#unreachable = true
      return `the provider cannot be reached: ${message}; retried until it answers, Ctrl-C stops`
    }
    // A circuit breaker that is open because of the outage says nothing new.
    if (this.#unreachable && error.code === 'UNAVAILABLE') return undefined
    return `${message}; retried in ${Math.ceil(waitMs / 1000)} s`
  }

  /** A line for the end of an outage that has had its line. */
  succeeded(): string | undefined {
    if (!this.#unreachable) return undefined
    this.#unreachable = false
    return 'the provider answers again'
  }
}
