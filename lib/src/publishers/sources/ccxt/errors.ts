import { excerpt, type Redact, retryAfterOf } from '../../../base/networking/index.ts'
import { type ErrorCode, errorMessage, QiError } from '../../../base/types/index.ts'

/** The last HTTP answer of a call. */
export interface LastAnswer {
  readonly status: number
  readonly headers: Headers
}

/** Wait after a refusal by a rate limit that names none, in milliseconds. */
const USUAL_WAIT_MS = 10_000

/** Codes of ccxt's error classes. The nearest class of an error decides. */
const CLASSES: Readonly<Record<string, { readonly code: ErrorCode; readonly retryable?: true }>> = {
  RateLimitExceeded: { code: 'RATE_LIMITED' },
  DDoSProtection: { code: 'RATE_LIMITED' },
  RequestTimeout: { code: 'TIMEOUT' },
  NetworkError: { code: 'UNAVAILABLE' },
  BadResponse: { code: 'BAD_DATA', retryable: true },
  OperationFailed: { code: 'UNAVAILABLE' },
  BadSymbol: { code: 'NOT_FOUND' },
  PermissionDenied: { code: 'FORBIDDEN' },
  RestrictedLocation: { code: 'FORBIDDEN' },
  AuthenticationError: { code: 'UNAUTHORIZED' },
  NotSupported: { code: 'UNSUPPORTED' },
  ArgumentsRequired: { code: 'BAD_REQUEST' },
  BadRequest: { code: 'BAD_REQUEST' },
  ExchangeError: { code: 'BAD_DATA' },
}

/** @param what the call, such as `mexc fetchTrades` */
export function ccxtError(thrown: unknown, what: string, answer: LastAnswer | undefined, redact: Redact): QiError {
  const found = classOf(thrown)
  const message = errorMessage(thrown).replace(/(https?:\/\/[^\s?"]*)\?[^\s"]*/g, '$1')
  const text = `${what}: ${found ? '' : 'ccxt cannot read the answer: '}${excerpt(message, redact, 300)}`
  const code = byStatus(answer?.status) ?? found?.code ?? 'BAD_DATA'
  const waits = code === 'RATE_LIMITED' || code === 'UNAVAILABLE'
  const asked = waits && answer ? retryAfterOf(answer.headers) : undefined
  const retryAfterMs = asked ?? (code === 'RATE_LIMITED' ? USUAL_WAIT_MS : undefined)
  return new QiError(code, text, {
    cause: thrown,
    ...(found?.retryable && { retryable: true }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

/** Retryable: the body was cut short, or is a page of a proxy. */
export const notJson = (what: string, body: string, redact: Redact): QiError =>
  new QiError('BAD_DATA', `${what}: the answer is ${body ? `not JSON but "${excerpt(body, redact)}"` : 'an empty body'}`, {
    retryable: true,
  })

/** ccxt has one class for 403 and for a server that is down. */
function byStatus(status: number | undefined): ErrorCode | undefined {
  if (status === 429 || status === 418) return 'RATE_LIMITED'
  return status === 403 || status === 451 ? 'FORBIDDEN' : undefined
}

/** By name, because each exchange is loaded without the rest of ccxt. */
function classOf(thrown: unknown): (typeof CLASSES)[string] | undefined {
  for (let at = thrown instanceof Error ? thrown.constructor : undefined; at?.name; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(CLASSES, at.name)) return CLASSES[at.name]
  return undefined
}
