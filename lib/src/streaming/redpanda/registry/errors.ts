import { tlsFault } from '../../../base/networking/index.ts'
import { type ErrorCode, QiError, toQiError } from '../../../base/types/index.ts'

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'UNAVAILABLE',
  409: 'CONFLICT',
  422: 'BAD_REQUEST',
  425: 'UNAVAILABLE',
  429: 'RATE_LIMITED',
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'check user and password in SCHEMA_REGISTRY_URL, or schema_registry.username and password',
  FORBIDDEN: 'let this user read and register the subjects of our topics',
  NOT_FOUND: 'correct SCHEMA_REGISTRY_URL: it ends before /subjects',
  CONFLICT: 'see which versions and which compatibility the subject has there',
  BAD_REQUEST: 'it must accept JSON Schema of draft 7, and registrations',
  UNAVAILABLE: 'start it, or correct SCHEMA_REGISTRY_URL',
  TIMEOUT: 'the registry accepts connections but is slow or stopped',
  BAD_DATA: 'correct SCHEMA_REGISTRY_URL: it ends before /subjects',
}

/** An error answer of Confluent's API. */
export interface RegistryProblem {
  readonly status: number
  /** For example 40401: no such subject. */
  readonly code?: number
  readonly message: string
  readonly retryAfterMs?: number
}

/** Classifies an error answer. @param doing the action that failed, for example `register crypto-prices-value` */
export function refusal(problem: RegistryProblem, doing: string, place: string): QiError {
  const { status, message, retryAfterMs } = problem
  const code = CODES[status] ?? (status >= 500 ? 'UNAVAILABLE' : 'BAD_DATA')
  const why = `it answers ${status}${message && ` (${message})`}`
  return registryError(code, why, doing, place, { cause: problem, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}

/** Classifies a failure to reach the registry. */
export function unreached(thrown: unknown, doing: string, place: string): QiError {
  const { code, message, retryable } = toQiError(thrown)
  if (code === 'CANCELLED' || code === 'CLOSED') return toQiError(thrown)
  if (code === 'TIMEOUT') return registryError(code, 'no answer in time', doing, place, { cause: thrown })
  const tls = tlsFault(thrown, 'schema_registry.tls')
  if (tls) return registryError(tls.code, tls.why, doing, place, { cause: thrown, retryable: false }, tls.remedy)
  return registryError(code, message, doing, place, { cause: thrown, retryable })
}

export const isConflict = (error: unknown): error is QiError => error instanceof QiError && error.code === 'CONFLICT'

/** The error for an answer that no registry gives. */
export const notARegistry = (doing: string, place: string, cause?: unknown): QiError =>
  registryError('BAD_DATA', 'its answer is not that of a schema registry', doing, place, { cause })

function registryError(
  code: ErrorCode,
  why: string,
  doing: string,
  place: string,
  details: { cause?: unknown; retryAfterMs?: number; retryable?: boolean },
  remedy = REMEDIES[code],
): QiError {
  return new QiError(code, `cannot ${doing} (schema registry at ${place}): ${why}${remedy ? `; ${remedy}` : ''}`, details)
}
