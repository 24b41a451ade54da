import type { ErrorCode, ExactJson } from '../../../base/types/index.ts'
import { answerError, codeOfStatus, type ErrorAnswer } from '../shared/errors.ts'
import { isObject } from '../shared/json.ts'

/** Bybit's own codes; the status is 200 with nearly all of them. */
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [10000, 'TIMEOUT'],
  [10001, 'BAD_REQUEST'],
  [10006, 'RATE_LIMITED'],
  [10009, 'FORBIDDEN'],
  [10016, 'UNAVAILABLE'],
  [10018, 'RATE_LIMITED'],
  [10024, 'FORBIDDEN'],
])

/** `{"retCode":0,…}` is a good answer. */
export const isFailure = (body: ExactJson): boolean => !isObject(body) || String(body.retCode) !== '0'

/** Classifies `{"retCode":10001,"retMsg":"…"}`, and the pages of a proxy. */
export function errorOf(peer: string, answer: ErrorAnswer, what: string) {
  const { retCode, retMsg } = errorBody(answer.body)
  const code = answer.status < 400 ? codeOfBody(retCode, retMsg) : codeOfStatus(answer.status)
  // Too many calls are answered with 403 and these words; the address is banned for ten minutes.
  const banned = answer.status === 403 && /too frequent/i.test(answer.body)
  return answerError(peer, what, answer, {
    code: banned ? 'RATE_LIMITED' : code,
    apiCode: retCode,
    message: retMsg,
    ...(code === 'FORBIDDEN' &&
      !banned && { remedy: 'the venue does not serve this country; use rest_url and ws_url of a venue that does' }),
  })
}

function codeOfBody(retCode: number | undefined, retMsg = ''): ErrorCode {
  if (retCode === undefined) return 'BAD_DATA'
  if (retCode === 10001 && /symbol/i.test(retMsg)) return 'NOT_FOUND'
  return CODES.get(retCode) ?? 'BAD_REQUEST'
}

function errorBody(body: string): { readonly retCode?: number; readonly retMsg?: string } {
  try {
    const { retCode, retMsg } = JSON.parse(body) as { retCode?: unknown; retMsg?: unknown }
    return {
      ...(typeof retCode === 'number' && { retCode }),
      ...(typeof retMsg === 'string' && retMsg !== '' && { retMsg }),
    }
  } catch {
    return {}
  }
}
