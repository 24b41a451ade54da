import { type ErrorCode, QiError } from '../../../../base/types/index.ts'

export interface Answer {
  readonly status: number
  /** The wait that it asks for, in milliseconds, bounded. */
  readonly retryAfterMs: number | undefined
  /** The start of its body, in one line and without secrets. */
  readonly excerpt: string
}

export interface Receiver {
  /** Scheme, host and port; the rest of the URL may be secret. */
  readonly origin: string
  /** Path of the destination's settings, such as `destinations.hook`. */
  readonly at: string
  /** Statuses that mean success, besides 2xx. */
  readonly alsoDone?: readonly number[]
}

/** Temporary statuses, besides 5xx. */
const TEMPORARY: readonly number[] = [408, 425, 429]

/** Statuses about the sender or the address: any other records would be refused the same way. */
const REFUSES_EVERYTHING: Readonly<Record<number, readonly [code: ErrorCode, remedy: string]>> = {
  401: ['UNAUTHORIZED', 'it does not accept the key or signature: compare the secret or headers here with its own'],
  402: ['FORBIDDEN', 'it requires payment'],
  403: ['FORBIDDEN', 'it does not allow this: give the sender the right to it'],
  404: ['NOT_FOUND', 'there is nothing at this address: correct url'],
  405: ['METHOD_NOT_ALLOWED', 'it does not allow the method there: correct url or method'],
  406: ['UNSUPPORTED', 'it does not accept requests of this kind: correct url or headers'],
  407: ['UNAUTHORIZED', 'a proxy requires a password'],
  410: ['NOT_FOUND', 'the address is gone for good: give url the new address, or remove the destination'],
  411: ['UNSUPPORTED', 'it requires a header that is not sent'],
  415: ['UNSUPPORTED', 'it does not accept JSON there: correct url or headers'],
  421: ['NOT_FOUND', 'the address belongs to another server: correct url'],
  426: ['UNSUPPORTED', 'it requires another protocol'],
  428: ['UNSUPPORTED', 'it requires a header that is not sent'],
  431: ['UNSUPPORTED', 'the headers are too large for it'],
  451: ['FORBIDDEN', 'it may not accept them for legal reasons'],
}

/**
 * Classifies an answer.
 * @returns undefined where the records were accepted; BAD_DATA where they, or one of them, were refused
 * @throws QiError retryable for temporary failures; any other where everything would be refused
 */
export function judge({ status, retryAfterMs, excerpt }: Answer, { origin, at, alsoDone = [] }: Receiver): QiError | undefined {
  if ((status >= 200 && status < 300) || alsoDone.includes(status)) return undefined
  const answered = `${origin} answers ${status}${excerpt && ` "${excerpt}"`}`
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status === 429) throw new QiError('RATE_LIMITED', answered, wait)
  if (status >= 500 || TEMPORARY.includes(status)) throw new QiError('UNAVAILABLE', answered, wait)
  const [code, remedy] = REFUSES_EVERYTHING[status] ?? []
  if (code) throw new QiError(code, `${at}: ${answered}: ${remedy}`, { retryable: false })
  if (status < 400) throw new QiError('UNSUPPORTED', `${at}: ${answered}, a redirect, which is not followed: correct url`)
  return new QiError('BAD_DATA', answered)
}
