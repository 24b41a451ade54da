import { type AnswerHeaders, type ErrorCode, excerpt, QiError, retryAfterOf } from '../../../base/index.ts'

/** An answer that is not what was asked for. */
export interface ErrorAnswer {
  readonly status: number
  readonly body: string
  /** Of these `retry-after` and `date` are read. */
  readonly headers?: AnswerHeaders | undefined
}

/** CoinGecko's own codes say more than the status they come with. */
const API_CODES: Readonly<Record<number, { code: ErrorCode; remedy: string }>> = {
  10002: { code: 'UNAUTHORIZED', remedy: 'set COINGECKO_API_KEY' },
  10005: { code: 'FORBIDDEN', remedy: 'it needs a paid plan' },
  10010: { code: 'UNAUTHORIZED', remedy: 'this is a key of a paid plan: set COINGECKO_PLAN=pro' },
  10011: { code: 'UNAUTHORIZED', remedy: 'this is a demo key: set COINGECKO_PLAN=demo' },
  10012: { code: 'FORBIDDEN', remedy: 'ask for the last 365 days, or use a paid plan' },
  429: { code: 'RATE_LIMITED', remedy: '' },
}

/** The classified error of an answer that failed, whatever shape its body has. */
export function answerError(answer: ErrorAnswer, what: string, now: number = Date.now()): QiError {
  const { apiCode, message } = readErrorBody(answer.body)
  const known = apiCode === undefined ? undefined : API_CODES[apiCode]
  const code = known?.code ?? statusCode(answer.status)
  const retryAfterMs =
    code === 'RATE_LIMITED' || code === 'UNAVAILABLE' ? answer.headers && retryAfterOf(answer.headers, now) : undefined
  const hints = [known?.remedy, retryAfterMs === undefined ? undefined : `again in ${Math.ceil(retryAfterMs / 1000)} s`].filter(
    Boolean,
  )
  const text = `CoinGecko ${what}: HTTP ${answer.status}${apiCode === undefined ? '' : `, error ${apiCode}`}: ${message}`
  return new QiError(
    code,
    hints.length ? `${text} (${hints.join('; ')})` : text,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}

/** Whether a body that came with status 200 is an error all the same. */
export function isErrorBody(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  const { error, error_code, status } = body as Record<string, unknown>
  return (
    error !== undefined || error_code !== undefined || (typeof status === 'object' && status !== null && 'error_code' in status)
  )
}

function statusCode(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHORIZED'
  if (status === 403) return 'FORBIDDEN'
  if (status === 404) return 'NOT_FOUND'
  if (status === 408 || status === 504 || status === 524) return 'TIMEOUT'
  if (status === 429) return 'RATE_LIMITED'
  if (status >= 500) return 'UNAVAILABLE'
  return status >= 400 ? 'BAD_REQUEST' : 'BAD_DATA'
}

/** The four JSON shapes, HTML, text, or nothing. */
function readErrorBody(body: string): { apiCode?: number; message: string } {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    const title = /<title[^>]*>([^<]*)<\/title>/i.exec(body)?.[1]
    return { message: oneLine(title ?? body.replace(/<[^>]*>/g, ' ')) || 'an empty body' }
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
  return { ...(apiCode === undefined ? {} : { apiCode }), message: oneLine(message ?? body) || 'an empty body' }
}

const oneLine = (text: string): string => excerpt(text, undefined, 300)
