import {
  type ExactJson,
  excerpt,
  inside,
  type Micros,
  nowMicros,
  parseExactJson,
  QiError,
  type Redact,
  throwIfAborted,
  toQiError,
} from '../../../base/index.ts'

/** A whole answer, with every digit that the provider sent. */
export interface Answer {
  readonly body: ExactJson
  readonly receivedAt: Micros
}

export interface Exchange {
  /** The provider, as users know it. */
  readonly peer: string
  /** The call, such as `/trades`. */
  readonly what: string
  /** Shown where no answer comes. */
  readonly address: string
  readonly timeoutMs: number
  readonly redact: Redact
  readonly signal?: AbortSignal | undefined
  readonly send: (signal: AbortSignal) => Promise<Response>
  /** The error that an answer means, given its body as text and as JSON (undefined where it is none). Default: none does. */
  readonly refusal?: (response: Response, text: string, body: ExactJson | undefined) => QiError | undefined
  /** The error that `send` threw, where a library has its own kinds. */
  readonly classify?: (thrown: unknown) => QiError | undefined
}

/**
 * One request and its whole body as exact JSON, within `timeoutMs`.
 * @throws QiError classified, with the provider and the call in its message and no secret; TIMEOUT, BAD_DATA (may be retried: a body
 * that is no JSON was cut short, or is the page of a proxy), CANCELLED
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

/** Carries an error that already says what was called past the classification of the others. */
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
