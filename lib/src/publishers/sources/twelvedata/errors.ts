import { type ErrorCode, type ExactJson, JsonNumber, parseExactJson, QiError } from '../../../base/types/index.ts'
import { codeOfStatus, type ErrorAnswer, errorLine, plainMessage, answerError as sharedError } from '../shared/errors.ts'
import { isObject } from '../shared/json.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** True if a body is an error, even with status 200. */
export const isErrorBody = (body: ExactJson): boolean =>
  isObject(body) && (body.status === 'error' || (body.code instanceof JsonNumber && typeof body.message === 'string'))

/** True for the answer to a stretch without bars. */
export const isNoData = ({ code, message }: QiError): boolean =>
  (code === 'BAD_REQUEST' || code === 'NOT_FOUND') && /no data is available/i.test(message)

/** The classified error of a failed answer: an error object with any status, or a text. */
export function answerError(answer: ErrorAnswer, what: string, now: number = Date.now()): QiError {
  const { apiCode, message } = readErrorBody(answer.body)
  const status = apiCode ?? answer.status
  const text = message ?? plainMessage(answer.body)
  const code = codeOf(status, text)
  const reading = { code, apiCode: apiCode === answer.status ? undefined : apiCode, message: errorLine(text) }
  const error = sharedError('Twelve Data', what, answer, { ...reading, remedy: remedyOf(code) }, now)
  const field = code === 'BAD_REQUEST' || code === 'NOT_FOUND' ? /\*\*(\w+)\*\*/.exec(text)?.[1] : undefined
  // Credits come back with the clock: at the next full minute, or at midnight UTC. A second more allows for another clock.
  const untilCredits = untilNext(/\bday\b|daily/i.test(text) ? DAY_MS : MINUTE_MS, now) + 1000
  const retryAfterMs = error.retryAfterMs ?? (code === 'RATE_LIMITED' ? untilCredits : undefined)
  return new QiError(code, error.message, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(field !== undefined && { field }),
  })
}

function codeOf(status: number, message: string): ErrorCode {
  const code = codeOfStatus(status)
  // A symbol that does not exist comes with 400.
  return code === 'BAD_REQUEST' && /\*\*(symbol|figi|isin|mic_code|exchange)\*\* .*not found/i.test(message) ? 'NOT_FOUND' : code
}

function remedyOf(code: ErrorCode): string | undefined {
  if (code === 'UNAUTHORIZED') return 'correct api_key'
  return code === 'FORBIDDEN' ? 'it needs a larger plan' : undefined
}

const untilNext = (unit: number, now: number): number => unit - (now % unit)

function readErrorBody(text: string): { apiCode?: number; message?: string } {
  let body: ExactJson
  try {
    body = parseExactJson(text)
  } catch {
    return {}
  }
  if (!isObject(body)) return {}
  const { code, message } = body
  const apiCode = code instanceof JsonNumber ? Number(code.source) : undefined
  return {
    ...(apiCode !== undefined && Number.isInteger(apiCode) && apiCode >= 100 && apiCode < 600 && { apiCode }),
    ...(typeof message === 'string' && { message }),
  }
}
