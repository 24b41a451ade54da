import { errorMessage, QiError, systemCode } from '../../types/index.ts'
import { tlsFault } from '../tls/errors.ts'
import type { HttpBounds } from './bounds.ts'
import { excerpt, type Redact } from './text.ts'

export interface FailedCall {
  /** Scheme, host and port. */
  readonly origin: string
  readonly bounds: HttpBounds
  /** Path of the TLS settings, such as `sources.coingecko.tls`. */
  readonly tlsAt: string
  readonly redact: Redact
  /** True if the headers had arrived. */
  readonly answered: boolean
}

/** A failure of a call, classified: UNAVAILABLE, TIMEOUT, BAD_DATA, UNAUTHORIZED, or the QiError that caused it. */
export function httpFailure(thrown: unknown, { origin, bounds, tlsAt, redact, answered }: FailedCall): QiError {
  const own = inside(thrown)
  if (own) return own
  const cause = { cause: thrown }
  const code = codeOf(thrown)
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW')
    return new QiError('BAD_DATA', `${origin}: the headers of its answer have more than ${bounds.maxHeaderBytes} bytes`, cause)
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return new QiError('TIMEOUT', `${origin}: no answer, ${answered ? 'or the rest of one, ' : ''}for ${bounds.idleMs} ms`, cause)
  if (code === 'UND_ERR_CONNECT_TIMEOUT')
    return new QiError('UNAVAILABLE', `${origin} cannot be reached: no connection within ${bounds.connectMs} ms`, cause)
  if (/^(Z_|ERR_BROTLI|ERR__ERROR_|ZSTD_|ERR_ZSTD)/.test(code))
    return new QiError('BAD_DATA', `${origin}: its answer cannot be unpacked (${excerpt(errorMessage(thrown), redact)})`, {
      ...cause,
      retryable: true, // it was cut or damaged on its way
    })
  const tls = tlsFault(thrown, tlsAt)
  if (tls) return new QiError(tls.code, `${origin}: ${redact(tls.why)}; ${tls.remedy}`, { ...cause, retryable: false })
  const reason = excerpt(errorMessage(deepest(thrown)), redact, 200)
  const shown = code && !reason.includes(code) ? `${code} ${reason}` : reason
  const what = answered ? 'broke off in the middle of its answer' : 'cannot be reached'
  return new QiError('UNAVAILABLE', `${origin} ${what}: ${shown}`, cause)
}

/** The QiError among the causes of a library's error. */
export function inside(thrown: unknown): QiError | undefined {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) if (at instanceof QiError) return at
  return undefined
}

function codeOf(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : (systemCode(thrown) ?? '')
}

/** The cause of "fetch failed", which itself says nothing. */
function deepest(error: unknown): unknown {
  let at = error
  for (let depth = 0; depth < 8 && at instanceof Error && at.cause; depth++) at = at.cause
  return at
}
