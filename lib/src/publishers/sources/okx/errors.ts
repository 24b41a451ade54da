import type { ErrorCode, ExactJson } from '../../../base/types/index.ts'
import { answerError, codeOfStatus, type ErrorAnswer } from '../shared/errors.ts'
import { isObject } from '../shared/json.ts'

/** OKX's own codes that say more than the status, which is often 200. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['50001', 'UNAVAILABLE'],
  ['50004', 'TIMEOUT'],
  ['50011', 'RATE_LIMITED'],
  ['50013', 'UNAVAILABLE'],
  ['50014', 'BAD_REQUEST'],
  ['50026', 'UNAVAILABLE'],
  ['50061', 'RATE_LIMITED'],
  ['51000', 'BAD_REQUEST'],
  ['51001', 'NOT_FOUND'],
  ['51014', 'NOT_FOUND'],
])

/** `{"code":"0",…}` is a good answer. */
export const isFailure = (body: ExactJson): boolean => !isObject(body) || body.code !== '0'

/** Classifies `{"code":"51001","msg":"…","data":[]}`, and the pages of a proxy. */
export function errorOf(peer: string, answer: ErrorAnswer, what: string) {
  const { code = '', msg } = errorBody(answer.body)
  const status = codeOfStatus(answer.status)
  return answerError(peer, what, answer, {
    code: CODES.get(code) ?? (status === 'BAD_DATA' && code !== '' ? 'BAD_REQUEST' : status),
    ...(code !== '' && { apiCode: Number(code) }),
    message: msg,
    ...((answer.status === 403 || answer.status === 451) && {
      remedy: 'the venue may not serve this country; use rest_url and ws_url of the branch that does',
    }),
  })
}

function errorBody(body: string): { readonly code?: string; readonly msg?: string } {
  try {
    const { code, msg } = JSON.parse(body) as { code?: unknown; msg?: unknown }
    return { ...(typeof code === 'string' && { code }), ...(typeof msg === 'string' && msg !== '' && { msg }) }
  } catch {
    return {}
  }
}
