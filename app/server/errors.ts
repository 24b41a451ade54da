import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ERROR_CODES, type ErrorCode, type ErrorDetails, type Logger, QiError, toQiError } from '../../lib/src/base/index.ts'
import { CONSENT_SECONDS, ConsentNeeded, KeyReused } from '../../lib/src/mcp-tools/index.ts'
import { json, PROBLEM_TYPE } from './headers.ts'

const code = z
  .enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]])
  .describe('what kind of failure; see the table of codes')
const details = {
  field: z.string().optional().describe('the parameter, header or argument at fault'),
  retryable: z.boolean().describe('whether the same request can succeed later'),
  retry_after_ms: z.number().int().optional().describe('how long to wait before that'),
  id: z.string().optional().describe('finds the cause in the log of the server'),
}

/** An error in a message of the WebSocket, and in a job. */
export const errorObject = z.object({ code, message: z.string().describe('what, where, and what to do'), ...details })
export type ErrorObject = z.output<typeof errorObject>

/** The question that a call which destroys something is answered with. */
const confirmation = z
  .object({
    question: z.string().describe('says what would happen'),
    token: z
      .string()
      .describe('repeat the call with it as `confirm`: good for one call, by the same caller, with the same arguments'),
    valid_seconds: z.number().int(),
  })
  .describe('only where something would be destroyed and the caller must agree first')

/** Every error over HTTP, by RFC 9457. */
export const problem = z
  .object({
    type: z.string().describe('urn:qicore:error: and the code'),
    title: z.string().describe('what the code means'),
    status: z.number().int(),
    detail: z.string().describe('what, where, and what to do'),
    code,
    ...details,
    confirm: confirmation.optional(),
  })
  .describe('Why there is no answer, by RFC 9457 (application/problem+json)')
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

/** A failure with a status of its own, where that of its code says less. */
export class StatusError extends QiError {
  readonly status: number
  constructor(status: number, code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details)
    this.status = status
  }
}

/** What is said where the real message may tell of the inside. */
const PLAIN: Partial<Record<ErrorCode, string>> = {
  UNAVAILABLE:
    'the store, its read replica or the stream cannot be reached just now: /health says which and since when; try again',
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
  if (error instanceof StatusError) return shownAs(error, error.status)
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
 * A failure of a tool: its message is written for the caller, as over MCP, but for a defect. A call that waits for consent carries the
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

/** An error as it is. */
const shownAs = (error: QiError, status: number): ShownError => ({
  status,
  error: error.toJSON() as ErrorObject,
  headers: error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) },
})
