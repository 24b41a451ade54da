import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  type Logger,
  QiError,
  toQiError,
} from '../../lib/src/base/types/index.ts'
import { CONSENT_SECONDS, ConsentNeeded, KeyReused } from '../../lib/src/mcp-tools/index.ts'
import { json, PROBLEM_TYPE } from './headers.ts'
import { named } from './openapi/named.ts'

const code = z
  .enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]])
  .describe('kind of the failure; see the table of codes')
const details = {
  field: z.string().optional().describe('the parameter, header or argument at fault'),
  retryable: z.boolean().describe('true if the same request can succeed later'),
  retry_after_ms: z.number().int().optional().describe('time to wait before a retry'),
  id: z.string().optional().describe('id under which the log of the server has the cause'),
}

/** An error in a message of the WebSocket, and in a job. */
export const errorObject = named(
  'ErrorDetail',
  z.object({ code, message: z.string().describe('what is wrong, where, and what to do'), ...details }),
)
export type ErrorObject = z.output<typeof errorObject>

/** The question to the caller before a call destroys something. */
const confirmation = named(
  'Confirmation',
  z
    .object({
      question: z.string().describe('the effect of the call, as a question'),
      token: z
        .string()
        .describe(
          'to agree, repeat the call with this as `confirm`; good for one call of the same caller with the same arguments',
        ),
      valid_seconds: z.number().int(),
    })
    .describe('present if the call would destroy something and the caller must agree first'),
)

/** The body of every error over HTTP, by RFC 9457. */
export const problem = named(
  'Problem',
  z
    .object({
      type: z.string().describe('urn:qicore:error: and the code'),
      title: z.string().describe('meaning of the code'),
      status: z.number().int(),
      detail: z.string().describe('what is wrong, where, and what to do'),
      code,
      ...details,
      confirm: confirmation.optional(),
    })
    .describe('An error, by RFC 9457 (application/problem+json)'),
)
export type Problem = z.output<typeof problem>

export interface ShownError {
  readonly status: number
  readonly error: ErrorObject
  readonly headers: Readonly<Record<string, string>>
  readonly confirm?: z.output<typeof confirmation>
}

export function problemOf({ status, error, confirm }: ShownError): Problem {
  const { code: kind, message, ...rest } = error
  const { summary } = ERROR_CODES[kind]
  return {
    type: `urn:qicore:error:${kind}`,
    title: summary,
    status,
    detail: message,
    code: kind,
    ...rest,
    ...(confirm && { confirm }),
  }
}

/** The answer to a request that failed. */
export const problemAnswer = (shown: ShownError, headers: Readonly<Record<string, string>> = {}): Response =>
  json(JSON.stringify(problemOf(shown)), shown.status, { ...shown.headers, ...headers, 'content-type': PROBLEM_TYPE })

/** An error with its own HTTP status instead of the status of its code. */
export class StatusError extends QiError {
  readonly status: number
  constructor(status: number, code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details)
    this.status = status
  }
}

/** General messages that replace the real ones of failures inside the platform. */
const PLAIN: Partial<Record<ErrorCode, string>> = {
  UNAVAILABLE:
    'the store, its read replica or the stream cannot be reached now: /health says which and since when; try again later',
  TIMEOUT: 'the store or the stream did not answer in time: /health says more; try again',
  CLOSED: 'the platform is stopping or has not started yet: /ready answers 200 once it has',
  INTERNAL: 'a defect in QiCore: the log of the server has the cause under this id',
}

/**
 * An error as a caller may see it. An error of the request is passed on. A failure inside the platform is logged under an id and replaced by
 * a general message, because its own may contain addresses, statements or secrets.
 */
export function showError(failure: unknown, logger: Logger, where: string): ShownError {
  const error = toQiError(failure)
  if (error instanceof StatusError) return shownAs(error, error.status)
  // An error with a cause is a failure inside the platform (a missing table is NOT_FOUND), not a fault of the caller.
  const underneath = error.cause !== undefined && error.code !== 'BAD_REQUEST'
  const code = underneath && ERROR_CODES[error.code].http < 500 ? 'INTERNAL' : error.code
  const { http, summary } = ERROR_CODES[code]
  const shown = http < 500
  const id = shown ? undefined : randomUUID()
  if (id) logger.error({ id, where, err: error }, `${where} failed: ${error.message}`)
  const { retryAfterMs } = error
  return {
    status: http,
    error: {
      code,
      message: shown ? error.message : (PLAIN[code] ?? summary),
      ...(error.field && { field: error.field }),
      retryable: code === error.code ? error.retryable : ERROR_CODES[code].retryable,
      ...(retryAfterMs !== undefined && { retry_after_ms: Math.ceil(retryAfterMs) }),
      ...(id && { id }),
    },
    headers: retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
  }
}

/**
 * A failure of a tool as a caller may see it: with its own message, as over MCP, unless it is a defect. A call that needs consent has the
 * question and the token.
 */
export function showToolError(failure: unknown, logger: Logger, where: string): ShownError {
  const error = toQiError(failure)
  if (error.code === 'INTERNAL' || error instanceof StatusError) return showError(error, logger, where)
  if (error instanceof KeyReused) return shownAs(error, 422)
  const shown = shownAs(error, ERROR_CODES[error.code].http)
  if (!(error instanceof ConsentNeeded)) return shown
  const { question, token } = error
  return { ...shown, confirm: { question, token, valid_seconds: CONSENT_SECONDS } }
}

/** An error with its own message and fields. */
const shownAs = (error: QiError, status: number): ShownError => ({
  status,
  error: error.toJSON() as ErrorObject,
  headers: error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) },
})
