import { excerpt, inside, type Redact, throwIfAborted } from '../../../base/networking/index.ts'
import { type ExactJson, type Micros, nowMicros, parseExactJson, QiError, toQiError } from '../../../base/types/index.ts'

/** A complete answer with every digit that the provider sent. */
export interface Answer {
  readonly body: ExactJson
  readonly receivedAt: Micros
}

export interface Exchange {
  /** The provider's name for people. */
  readonly peer: string
  /** The call, such as `/trades`. */
  readonly what: string
  /** Shown in a timeout. */
  readonly address: string
  readonly timeoutMs: number
  readonly redact: Redact
  readonly signal?: AbortSignal | undefined
  readonly send: (signal: AbortSignal) => Promise<Response>
  /** The error of an answer, by its body as text and as JSON (undefined if it is not JSON). Default: no answer is an error. */
  readonly refusal?: (response: Response, text: string, body: ExactJson | undefined) => QiError | undefined
  /** Classifies an error of `send`, for a library with its own errors. */
  readonly classify?: (thrown: unknown) => QiError | undefined
}

/**
 * One request and its whole body as exact JSON, within `timeoutMs`.
 * @throws QiError classified, with provider and call in its message, without secrets; TIMEOUT, CANCELLED, BAD_DATA (retryable: a body
 * that is not JSON was cut short, or is a proxy's page)
 */
export async function exchange(call: Exchange): Promise<Answer> {
  const { peer, what, address, timeoutMs, redact, signal } = call
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await call.send(signal ? AbortSignal.any([signal, timeout]) : timeout)
    const text = await response.text()
    const receivedAt = nowMicros()
    const body = jsonOf(text)
    const refusal = call.refusal?.(response, text, body)
    if (refusal) throw new Classified(refusal)
    if (body === undefined) throw new Classified(noJson(text, call))
    return { body, receivedAt }
  } catch (error) {
    throwIfAborted(signal)
    if (error instanceof Classified) throw error.error
    if (timeout.aborted) throw new QiError('TIMEOUT', `${peer} ${what}: no answer from ${address} within ${timeoutMs} ms`)
    throw call.classify?.(error) ?? networkError(error, `${peer} ${what}`, redact)
  }
}

/** Carries an error that is classified already past the classification of the others. */
class Classified extends Error {
  readonly error: QiError

  constructor(error: QiError) {
    super(error.message)
    this.error = error
  }
}

function jsonOf(text: string): ExactJson | undefined {
  try {
    return parseExactJson(text)
  } catch {
    return undefined
  }
}

function noJson(text: string, { peer, what, redact }: Exchange): QiError {
  const shown = text.length === 0 ? 'an empty body' : `not JSON but "${excerpt(text, redact)}"`
  return new QiError('BAD_DATA', `${peer} ${what}: the answer is ${shown}`, { retryable: true })
}

function networkError(error: unknown, call: string, redact: Redact): QiError {
  const { code, message, retryable, retryAfterMs } = inside(error) ?? toQiError(error)
  return new QiError(code, `${call}: ${redact(message)}`, {
    cause: error,
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}
