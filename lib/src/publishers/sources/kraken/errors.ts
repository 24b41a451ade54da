import type { ErrorCode, ExactJson, QiError } from '../../../base/types/index.ts'
import { answerError, codeOfStatus, type ErrorAnswer } from '../shared/errors.ts'
import { isObject } from '../shared/json.ts'

/** Kraken's own errors; they come with HTTP 200. */
const CODES: readonly (readonly [start: string, code: ErrorCode])[] = [
  ['EAPI:Rate limit exceeded', 'RATE_LIMITED'],
  ['EGeneral:Too many requests', 'RATE_LIMITED'],
  ['EGeneral:Temporary lockout', 'RATE_LIMITED'],
  ['EService:Throttled', 'RATE_LIMITED'],
  ['EService:Deadline elapsed', 'TIMEOUT'],
  ['EService:', 'UNAVAILABLE'],
  ['EGeneral:Internal error', 'UNAVAILABLE'],
  ['EQuery:Unknown asset pair', 'NOT_FOUND'],
  ['EGeneral:Permission denied', 'FORBIDDEN'],
]

/** `{"error":[],"result":{…}}` is a good answer. */
export const isFailure = (body: ExactJson): boolean => !isObject(body) || !Array.isArray(body.error) || body.error.length > 0

/** Classifies `{"error":["EQuery:Unknown asset pair"]}`, and the pages of a proxy. */
export function errorOf(peer: string, answer: ErrorAnswer, what: string): QiError {
  const errors = errorsIn(answer.body)
  const known = CODES.find(([start]) => errors.some((error) => error.startsWith(start)))?.[1]
  const status = codeOfStatus(answer.status)
  const code = known ?? (status === 'BAD_DATA' && errors.length > 0 ? 'BAD_REQUEST' : status)
  return answerError(peer, what, answer, { code, ...(errors.length > 0 && { message: errors.join(', ') }) })
}

function errorsIn(body: string): readonly string[] {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    return Array.isArray(error) ? error.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}
