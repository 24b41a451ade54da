import { QiError, toQiError } from '../../types/index.ts'
import type { LlmSettings } from './settings.ts'

/** What the AI SDK tells of a call that failed. */
interface ApiCallError {
  readonly message: string
  readonly statusCode?: number
  readonly responseHeaders?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** Why the model did not answer, classified, and without the key: a server may quote it. */
export function llmFailure(thrown: unknown, settings: LlmSettings): QiError {
  if (thrown instanceof QiError) return thrown
  const where = settings.base_url ? `the language model at ${withoutPassword(settings.base_url)}` : `${settings.provider}`
  const { statusCode, responseHeaders, message } = thrown as ApiCallError
  const said = withoutKey(String(message), settings).slice(0, 300)
  // The causes hold the request; what is needed of them is said here.
  if (statusCode === undefined) {
    const { code, message: reason } = toQiError(thrown)
    if (code === 'CANCELLED' || code === 'TIMEOUT') return new QiError(code, `${where}: ${withoutKey(reason, settings)}`)
    return code === 'UNAVAILABLE' || isNetwork(thrown)
      ? new QiError('UNAVAILABLE', `${where} cannot be reached (${said}): is llm.base_url right, and does it run?`)
      : new QiError('BAD_DATA', `${where} answered something that cannot be used: ${said}`)
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
      const seconds = Number(responseHeaders?.['retry-after'])
      return new QiError('RATE_LIMITED', `${where} was asked too often, or its quota is used up: ${said}`, {
        ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
      })
    }
    default:
      if (statusCode >= 500 || statusCode === 408)
        return new QiError('UNAVAILABLE', `${where} failed with ${statusCode}: ${said}`)
      return new QiError('BAD_REQUEST', `${where} refused the request with ${statusCode}: ${said}`)
  }
}

const isNetwork = (thrown: unknown): boolean =>
  /cannot connect|fetch failed|socket|terminated/i.test(String((thrown as Error).message))

function withoutKey(text: string, { api_key }: LlmSettings): string {
  return api_key ? text.replaceAll(api_key, '(secret)') : text
}

function withoutPassword(address: string): string {
  const { origin, pathname } = new URL(address)
  return `${origin}${pathname === '/' ? '' : pathname}`
}
