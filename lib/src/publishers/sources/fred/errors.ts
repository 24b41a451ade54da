import { type ErrorCode, parseExactJson, type QiError } from '../../../base/types/index.ts'
import { answerError, type ErrorAnswer } from '../shared/errors.ts'
import { isObject } from '../shared/json.ts'

/** The classified error of `{"error_code":400,"error_message":"…"}`; FRED answers 400 for a wrong key and for an unknown series too. */
export function fredError(answer: ErrorAnswer, what: string): QiError {
  const message = messageOf(answer.body)
  return answerError('FRED', what, answer, { message, code: answer.status === 400 ? codeOf(message ?? '') : undefined })
}

function messageOf(body: string): string | undefined {
  try {
    const parsed = parseExactJson(body)
    const said = isObject(parsed) ? parsed.error_message : undefined
    return typeof said === 'string' ? said.slice(0, 300) : undefined
  } catch {
    return undefined
  }
}

function codeOf(message: string): ErrorCode | undefined {
  if (/\bapi_key\b/.test(message)) return 'UNAUTHORIZED'
  return /series does not exist/i.test(message) ? 'NOT_FOUND' : undefined
}
