import { tlsFault } from '../../networking/tls/errors.ts'
import { type ErrorCode, errorMessage, QiError, toQiError } from '../../types/index.ts'
import { adviceFor } from './errorAdvice.ts'

/** Error codes by SQLSTATE: all five characters are looked up first, then the class (two). Others are INTERNAL: a wrong statement of ours. */
const SQLSTATES: Readonly<Record<string, ErrorCode>> = {
  '08': 'UNAVAILABLE', // connection exceptions
  '28': 'UNAUTHORIZED', // invalid authorization
  '3D000': 'NOT_FOUND', // no such database
  '42501': 'FORBIDDEN', // insufficient privilege
  '42P01': 'NOT_FOUND', // no such table
  '0A': 'UNSUPPORTED', // feature not supported
  '22': 'BAD_DATA', // data exceptions: out of range, invalid text, wrong copy format
  '23': 'CONFLICT', // integrity constraints
  '23502': 'BAD_DATA', // not null
  '23514': 'BAD_DATA', // check
  '25006': 'UNAVAILABLE', // read-only: a standby, or a server being switched over
  '40': 'UNAVAILABLE', // deadlock, serialization failure: repeat
  '53': 'UNAVAILABLE', // out of disk, memory or connections
  '54': 'BAD_DATA', // program limits: an index row too large
  '55P03': 'TIMEOUT', // lock not available within lock_timeout
  '57': 'UNAVAILABLE', // shutting down, starting up, crashed
  '57014': 'CANCELLED', // the statement was cancelled
  '58': 'UNAVAILABLE', // input/output errors of the server's machine
}

/** The SQLSTATE of an error reported by a PostgreSQL server; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity !== undefined ? code : undefined
}

/** True if the database refuses rows: data exceptions, constraints, limits (an index row too large). */
export const refusesRows = (state: string | undefined): boolean => state !== undefined && /^(22|23|54)/.test(state)

/** Messages of `pg` itself, which carry no code. */
const LOST =
  /Connection terminated|Client has encountered a connection error|not queryable|Connection ended|server closed the connection/i
const SLOW = /timeout/i

/** True if the columns of a prepared statement have changed since it was prepared. It must be prepared again. */
export const isStalePlan = (error: unknown): boolean =>
  stateOf(error) === '0A000' && /cached plan must not change result type/.test(errorMessage(error))

/** True if a disk of the server is full, for a table, a temporary file or the log. */
export const isDiskFull = (error: unknown): boolean =>
  stateOf(error) === '53100' || /No space left on device|Disk quota exceeded|could not extend file/i.test(errorMessage(error))

const POOL_FULL = /^(?:.*: )?all \d+ connections of the pool are at work/

/** Error for a pool that had no free connection in time. */
export const poolFull = (most: number, waitedMs: number, waiting: number, cause: unknown): QiError =>
  new QiError(
    'TIMEOUT',
    `all ${most} connections of the pool are at work, and none came free within ${waitedMs / 1000} s (${waiting} more wait)`,
    { cause },
  )

export const isPoolFull = (error: QiError): boolean => POOL_FULL.test(error.message)

/** The SQLSTATE of an error or of its cause. */
export const stateOf = (error: unknown): string | undefined =>
  sqlState(error) ?? (error instanceof QiError && error.cause !== undefined ? stateOf(error.cause) : undefined)

/** Turns an error of the driver or the server into a QiError. @param doing the attempted action; the message starts with it */
export function classifyPgError(error: unknown, doing?: string): QiError {
  if (error instanceof QiError) return error
  const message = doing ? `${doing}: ${errorMessage(error)}` : errorMessage(error)
  const state = sqlState(error)
  if (isStalePlan(error)) return new QiError('UNAVAILABLE', `${message}; the statement is prepared again`, { cause: error })
  if (state) {
    const code = SQLSTATES[state] ?? SQLSTATES[state.slice(0, 2)] ?? 'INTERNAL'
    // A statement timeout has the SQLSTATE of a cancellation; only its text differs.
    if (state === '57014' && SLOW.test(message)) return new QiError('TIMEOUT', message, { cause: error })
    const advice = adviceFor(state, message)
    return new QiError(advice?.code ?? code, `${message} (SQLSTATE ${state})${advice ? `; ${advice.remedy}` : ''}`, {
      cause: error,
      advised: advice !== undefined,
    })
  }
  const lasting = { cause: error, retryable: false, advised: true }
  const tls = tlsFault(error, 'database.tls', { serverName: false })
  if (tls) return new QiError(tls.code, `${message}: ${tls.why}; ${tls.remedy}`, lasting)
  if (/does not support SSL/.test(message))
    return new QiError(
      'UNAVAILABLE',
      `${message}; turn TLS on there (ssl=on), or off here (no database.tls, no sslmode in the URL)`,
      lasting,
    )
  if (/Cannot use a pool after calling end/.test(message)) return new QiError('CLOSED', message, { cause: error })
  if (LOST.test(message)) return new QiError('UNAVAILABLE', message, { cause: error })
  if (SLOW.test(message) && error instanceof Error && error.name === 'Error')
    return new QiError('TIMEOUT', message, { cause: error })
  const other = toQiError(error)
  return doing ? new QiError(other.code, message, { cause: error }) : other
}
