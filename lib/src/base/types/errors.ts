import { escapeHiddenInLines } from './hidden.ts'
import { withoutSecrets } from './secrets.ts'

/** The error codes: meaning, default of `retryable`, and HTTP status. */
export const ERROR_CODES = {
  CONFIG_INVALID: { retryable: false, http: 500, summary: 'a setting is missing, unknown or wrong' },
  BAD_REQUEST: { retryable: false, http: 400, summary: 'an argument is missing or wrong' },
  UNAUTHORIZED: { retryable: false, http: 401, summary: 'a key, token or password is missing or refused' },
  FORBIDDEN: { retryable: false, http: 403, summary: 'a plan, a role or a rule of the server does not allow this' },
  NOT_FOUND: { retryable: false, http: 404, summary: 'what was asked for does not exist' },
  METHOD_NOT_ALLOWED: { retryable: false, http: 405, summary: 'this address does not know that method' },
  CONFLICT: { retryable: false, http: 409, summary: 'the request contradicts what is there' },
  RATE_LIMITED: { retryable: true, http: 429, summary: 'too many requests; retryAfterMs says when to come back' },
  UNAVAILABLE: { retryable: true, http: 503, summary: 'the other side cannot be reached or failed' },
  TIMEOUT: { retryable: true, http: 504, summary: 'no answer within the time allowed' },
  BAD_DATA: { retryable: false, http: 422, summary: 'the other side answered, or a record holds, something that cannot be used' },
  UNSUPPORTED: { retryable: false, http: 501, summary: 'this engine, platform or version cannot do it' },
  CANCELLED: { retryable: false, http: 499, summary: 'the caller asked to stop' },
  CLOSED: { retryable: false, http: 503, summary: 'used after close()' },
  INTERNAL: { retryable: false, http: 500, summary: 'a defect in QiCore' },
} as const satisfies Record<string, { retryable: boolean; http: number; summary: string }>

export type ErrorCode = keyof typeof ERROR_CODES

export interface ErrorDetails {
  /** The underlying failure. */
  readonly cause?: unknown
  /** Wait before a retry, in milliseconds. */
  readonly retryAfterMs?: number
  /** Overrides the code's default. */
  readonly retryable?: boolean
  /** The field the error is about, as a dotted path. */
  readonly field?: string
  /** True if only a part of the peer fails, such as one table: everything else goes on. Default false. */
  readonly partial?: boolean
  /** The message ends with the remedy of exactly this failure: a general one below it could contradict it. Default false. */
  readonly advised?: boolean
}

/**
 * The one error class: a documented code, `retryable`, and the cause. Its message may quote foreign text, so hidden characters in it are
 * escaped, and known secrets are redacted.
 */
export class QiError extends Error {
  override readonly name = 'QiError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly field: string | undefined
  readonly partial: boolean
  readonly advised: boolean

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(withoutSecrets(escapeHiddenInLines(message)), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? ERROR_CODES[code].retryable
    this.retryAfterMs = details.retryAfterMs
    this.field = details.field
    this.partial = details.partial ?? false
    this.advised = details.advised ?? false
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.retryAfterMs === undefined ? {} : { retry_after_ms: this.retryAfterMs }),
    }
  }
}

/** Any error as a QiError: itself, a cancellation, a network failure by its code, else INTERNAL. */
export function toQiError(error: unknown): QiError {
  if (error instanceof QiError) return error
  // Closing failed too, because of the first failure: that one has the reason.
  if (error instanceof SuppressedError) return toQiError(error.suppressed)
  const message = errorMessage(error)
  const name = error instanceof Error ? error.name : ''
  if (name === 'AbortError') return new QiError('CANCELLED', 'cancelled', { cause: error })
  if (name === 'TimeoutError') return new QiError('TIMEOUT', message, { cause: error })
  const code = systemCode(error)
  if (code && NETWORK_CODES.has(code)) return new QiError('UNAVAILABLE', message, { cause: error })
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const { path } = error as { path?: unknown }
    const disk = typeof path === 'string' ? `the disk of ${path}` : 'the disk'
    return new QiError('UNAVAILABLE', `${disk} is full: free space there (${message})`, { cause: error })
  }
  return new QiError('INTERNAL', message, { cause: error })
}

/** A one-line message; an AggregateError (a refused connection in Node) has none of its own. */
export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(errorMessage).join('; ')
  return error instanceof Error ? error.message : String(error)
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/** The operating system's code (`ECONNREFUSED`) of an error or its cause. */
export function systemCode(error: unknown): string | undefined {
  for (let e: unknown = error, depth = 0; e && depth < 8; depth++) {
    const code = (e as { code?: unknown }).code
    if (typeof code === 'string' && /^(E[A-Z]+|UND_ERR_[A-Z_]+)$/.test(code)) return code
    e = (e as { cause?: unknown }).cause ?? (e instanceof AggregateError ? e.errors[0] : undefined)
  }
  return undefined
}
