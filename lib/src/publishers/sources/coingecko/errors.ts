import type { ErrorCode, QiError } from '../../../base/types/index.ts'
import { type ErrorAnswer, errorLine, plainMessage, answerError as sharedError } from '../shared/errors.ts'

/** CoinGecko's own error codes, which are more precise than the HTTP status. */
const API_CODES: Readonly<Record<number, { code: ErrorCode; remedy: string }>> = {
  10002: { code: 'UNAUTHORIZED', remedy: 'set api_key' },
  10005: { code: 'FORBIDDEN', remedy: 'it needs a paid plan' },
  10010: { code: 'UNAUTHORIZED', remedy: 'this is a key of a paid plan: set plan to pro' },
  10011: { code: 'UNAUTHORIZED', remedy: 'this is a demo key: set plan to demo' },
  10012: { code: 'FORBIDDEN', remedy: 'ask for the last 365 days, or use a paid plan' },
  429: { code: 'RATE_LIMITED', remedy: '' },
}

/** The classified error of a failed answer, whatever the shape of its body. */
export function answerError(answer: ErrorAnswer, what: string, now: number = Date.now()): QiError {
  const { apiCode, message } = readErrorBody(answer.body)
  const known = apiCode === undefined ? undefined : API_CODES[apiCode]
  return sharedError('CoinGecko', what, answer, { code: known?.code, apiCode, message, remedy: known?.remedy }, now)
}

/** True if a body is an error, even with status 200. */
export function isErrorBody(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  const { error, error_code, status } = body as Record<string, unknown>
  return (
    error !== undefined || error_code !== undefined || (typeof status === 'object' && status !== null && 'error_code' in status)
  )
}

/** Code and message of an error body: one of four JSON shapes, HTML, text, or empty. */
function readErrorBody(body: string): { apiCode?: number; message: string } {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { message: plainMessage(body) }
  }
  let apiCode: number | undefined
  let message: string | undefined
  const visit = (value: unknown): void => {
    if (typeof value === 'string') message ??= value
    if (typeof value !== 'object' || value === null) return
    const { error, status, error_code, error_message } = value as Record<string, unknown>
    if (error_code !== undefined && Number.isInteger(Number(error_code))) apiCode ??= Number(error_code)
    visit(error_message)
    visit(error)
    if (typeof status === 'object') visit(status)
  }
  visit(json)
  return { ...(apiCode === undefined ? {} : { apiCode }), message: errorLine(message ?? body) }
}
