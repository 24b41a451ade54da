import { type AnswerHeaders, excerpt, inside, redaction, retryAfterOf } from '../../networking/index.ts'
import { QiError, toQiError } from '../../types/index.ts'
import type { LlmSettings } from './settings.ts'

/** The fields of an AI SDK error that are used. */
interface ApiCallError {
  readonly message: string
  readonly statusCode?: number
  readonly responseHeaders?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The failure of a model call as a QiError, without the API key, which a server may quote. */
export function llmFailure(thrown: unknown, settings: LlmSettings): QiError {
  const where = settings.base_url ? `the language model at ${withoutPassword(settings.base_url)}` : `${settings.provider}`
  const { statusCode, responseHeaders, message } = thrown as ApiCallError
  const redact = redaction([settings.api_key])
  const said = excerpt(String(message), redact, 300)
  const own = inside(thrown)
  if (own?.code === 'CANCELLED' || own?.code === 'CLOSED') return own
  if (own) return unanswered(own, where, excerpt(own.message, redact, 300))
  // No `cause`: it would hold the request with the key.
  if (statusCode === undefined) {
    const { code, message: reason } = toQiError(thrown)
    if (code === 'CANCELLED' || code === 'TIMEOUT') return new QiError(code, `${where}: ${excerpt(reason, redact, 300)}`)
    return new QiError('BAD_DATA', `${where} answered something that cannot be used: ${said}`)
  }
  switch (statusCode) {
    case 401:
      return new QiError(
        'UNAUTHORIZED',
        `${where} ${settings.api_key ? 'refused the key' : 'wants a key'}: set QICORE_LLM_API_KEY`,
        {
          field: 'llm.api_key',
        },
      )
    case 403:
      return new QiError('FORBIDDEN', `${where} does not allow this key the model "${settings.model}": ${said}`, {
        field: 'llm.model',
      })
    case 404:
      return new QiError(
        'NOT_FOUND',
        `${where} does not know the model "${settings.model}", or llm.base_url lacks a part such as /v1: ${said}`,
        {
          field: 'llm.model',
        },
      )
    case 429: {
      const retryAfterMs = retryAfterOf(headersOf(responseHeaders))
      return new QiError('RATE_LIMITED', `${where} was asked too often, or its quota is used up: ${said}`, {
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      })
    }
    default:
      if (statusCode >= 500 || statusCode === 408)
        return new QiError('UNAVAILABLE', `${where} failed with ${statusCode}: ${said}`)
      return new QiError('BAD_REQUEST', `${where} refused the request with ${statusCode}: ${said}`)
  }
}

/** The server was not reached, or its answer exceeded a bound. */
const unanswered = ({ code, retryable }: QiError, where: string, why: string): QiError =>
  code === 'UNAVAILABLE'
    ? new QiError(code, `${where} cannot be reached (${why}): is llm.base_url right, and does it run?`, { retryable })
    : new QiError(code, `${where}: ${why}`, { retryable })

const headersOf = (headers: Readonly<Record<string, string>> = {}): AnswerHeaders => ({ get: (name) => headers[name] })

function withoutPassword(address: string): string {
  const { origin, pathname } = new URL(address)
  return `${origin}${pathname === '/' ? '' : pathname}`
}
