import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ERROR_CODES, type ErrorCode, type Logger, toQiError } from '../../lib/src/base/index.ts'

export const errorResponse = z
  .object({
    error: z.object({
      code: z
        .enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]])
        .describe('what kind of failure; see the table of codes'),
      message: z.string().describe('what, where, and what to do'),
      field: z.string().optional().describe('the parameter at fault'),
      retryable: z.boolean().describe('whether the same request can succeed later'),
      retry_after_ms: z.number().int().optional().describe('how long to wait before that'),
      id: z.string().optional().describe('finds the cause in the log of the server'),
    }),
  })
  .describe('Why there is no answer')
export type ErrorResponse = z.output<typeof errorResponse>

export interface ShownError {
  readonly status: number
  readonly body: ErrorResponse
  readonly headers: Readonly<Record<string, string>>
}

/** What is said where the real message may tell of the inside. */
const PLAIN: Partial<Record<ErrorCode, string>> = {
  UNAVAILABLE: 'the store or the stream cannot be reached just now: /health says which and since when; try again',
  TIMEOUT: 'the store or the stream did not answer in time: /health says more; try again',
  CLOSED: 'the platform is stopping or has not started yet: /ready says when it has',
  INTERNAL: 'a defect in QiCore: the log of the server says more under this id',
}

/**
 * An error as a caller may see it. What was written for the caller is passed on; what happened underneath is logged under an
 * id and described in general words, since it may hold addresses, statements or secrets.
 */
export function showError(failure: unknown, logger: Logger, where: string): ShownError {
  const error = toQiError(failure)
  // A cause tells of a failure underneath: it may be our fault (a missing table is NOT_FOUND), never the caller's.
  const underneath = error.cause !== undefined && error.code !== 'BAD_REQUEST'
  const code = underneath && ERROR_CODES[error.code].http < 500 ? 'INTERNAL' : error.code
  const { http, summary } = ERROR_CODES[code]
  const shown = http < 500
  const id = shown ? undefined : randomUUID()
  if (id) logger.error({ id, where, error }, `${where} failed: ${error.message}`)
  const { retryAfterMs } = error
  return {
    status: http,
    body: {
      error: {
        code,
        message: shown ? error.message : (PLAIN[code] ?? summary),
        ...(error.field && { field: error.field }),
        retryable: code === error.code ? error.retryable : ERROR_CODES[code].retryable,
        ...(retryAfterMs !== undefined && { retry_after_ms: Math.ceil(retryAfterMs) }),
        ...(id && { id }),
      },
    },
    headers: retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
  }
}
