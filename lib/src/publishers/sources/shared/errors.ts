import { type AnswerHeaders, excerpt, retryAfterOf } from '../../../base/networking/index.ts'
import { type ErrorCode, QiError } from '../../../base/types/index.ts'

/** A failed answer. */
export interface ErrorAnswer {
  readonly status: number
  readonly body: string
  /** Only `retry-after` and `date` are read. */
  readonly headers?: AnswerHeaders | undefined
}

/** Details of an error beyond its status: the provider's own codes and words. */
export interface ErrorReading {
  /** Default: that of the status. */
  readonly code?: ErrorCode | undefined
  /** The provider's own code. */
  readonly apiCode?: number | undefined
  /** Default: the title of a page, or the start of the body. */
  readonly message?: string | undefined
  readonly remedy?: string | undefined
}

/**
 * The classified error of a failed answer.
 * @param peer the provider's name for people
 * @param what the call, such as `/trades`
 */
export function answerError(
  peer: string,
  what: string,
  answer: ErrorAnswer,
  reading: ErrorReading = {},
  now: number = Date.now(),
): QiError {
  const { apiCode, remedy, message = plainMessage(answer.body), code = codeOfStatus(answer.status) } = reading
  const waits = code === 'RATE_LIMITED' || code === 'UNAVAILABLE'
  const retryAfterMs = waits ? answer.headers && retryAfterOf(answer.headers, now) : undefined
  const hints = [remedy, retryAfterMs === undefined ? undefined : `again in ${Math.ceil(retryAfterMs / 1000)} s`].filter(Boolean)
  const text = `${peer} ${what}: HTTP ${answer.status}${apiCode === undefined ? '' : `, error ${apiCode}`}: ${message}`
  return new QiError(
    code,
    hints.length ? `${text} (${hints.join('; ')})` : text,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}

/** The error code of an HTTP status. A status below 400 is BAD_DATA: the caller found the body wrong. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHORIZED'
  if (status === 403) return 'FORBIDDEN'
  if (status === 404) return 'NOT_FOUND'
  if (status === 408 || status === 504 || status === 524) return 'TIMEOUT'
  if (status === 429) return 'RATE_LIMITED'
  if (status >= 500) return 'UNAVAILABLE'
  return status >= 400 ? 'BAD_REQUEST' : 'BAD_DATA'
}

/** The title of an HTML page, or the text of a body without its tags, on one line. */
export function plainMessage(body: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(body)?.[1]
  return errorLine(title ?? body.replace(/<[^>]*>/g, ' '))
}

export const errorLine = (text: string): string => excerpt(text, undefined, 300) || 'an empty body'
