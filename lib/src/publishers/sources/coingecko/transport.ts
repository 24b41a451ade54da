import type { Coingecko } from '@coingecko/coingecko-typescript'
import {
  type BreakerSettings,
  type ExactJson,
  errorMessage,
  LoadBalancer,
  type Micros,
  nowMicros,
  parseExactJson,
  QiError,
  systemCode,
  throwIfAborted,
  tlsFault,
} from '../../../base/index.ts'
import { answerError, isErrorBody } from './errors.ts'
import { PLANS, type Plan } from './plans.ts'

export interface TransportOptions {
  readonly plan: Plan
  readonly apiKey?: string | undefined
  /** Default: that of the plan. Several stand in for each other. */
  readonly baseUrls?: readonly string[] | undefined
  readonly timeoutMs: number
  readonly breaker?: BreakerSettings | undefined
  readonly fetch?: typeof globalThis.fetch
}

export interface Answer {
  readonly body: ExactJson
  readonly receivedAt: Micros
}

/** Carries single calls through the official SDK, whose parsing and retries are left out: both would lose something. */
export class Transport {
  readonly #options: TransportOptions
  readonly #urls: readonly string[]
  readonly #balancer: LoadBalancer
  readonly #sdks = new Map<string, Promise<Coingecko>>()

  constructor(options: TransportOptions) {
    this.#options = options
    this.#urls = options.baseUrls?.length ? options.baseUrls : [PLANS[options.plan].baseUrl]
    const { breaker } = options
    this.#balancer = new LoadBalancer({ service: 'CoinGecko', endpoints: this.#urls, ...(breaker && { breaker }) })
  }

  /** The addresses, as one text. */
  get baseUrl(): string {
    return this.#urls.join(', ')
  }

  /**
   * One call; where its address fails it is made once at each of the others.
   * @param permit asked for before each
   * @throws QiError classified; its message never holds the key
   */
  call(what: string, send: Send, permit: () => Promise<void>, signal?: AbortSignal): Promise<Answer> {
    return this.#balancer.run(async (baseUrl) => {
      await permit()
      return this.#once(baseUrl, what, send, signal)
    }, signal)
  }

  async #once(baseUrl: string, what: string, send: Send, signal?: AbortSignal): Promise<Answer> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs)
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    try {
      const sdk = await this.#sdk(baseUrl)
      const response = await send(sdk, { signal: either })
      const text = await response.text()
      const receivedAt = nowMicros()
      return { body: readBody(text, response.status, what, this.#redact), receivedAt }
    } catch (error) {
      throwIfAborted(signal)
      throw timeout.aborted ? this.#timedOut(what, baseUrl) : classify(error, what, baseUrl, this.#redact)
    }
  }

  #sdk(baseUrl: string): Promise<Coingecko> {
    const known = this.#sdks.get(baseUrl) ?? this.#connect(baseUrl)
    this.#sdks.set(baseUrl, known)
    return known
  }

  // Loaded at the first call: a command that asks CoinGecko nothing need not wait for it.
  async #connect(baseUrl: string): Promise<Coingecko> {
    const { Coingecko } = await import('@coingecko/coingecko-typescript')
    const { plan, apiKey = null, fetch, timeoutMs } = this.#options
    return new Coingecko({
      baseURL: baseUrl.replace(/\/+$/, ''),
      // Null, not undefined: the SDK would take a key from the environment.
      demoAPIKey: plan === 'demo' ? apiKey : null,
      proAPIKey: plan === 'pro' ? apiKey : null,
      ...(plan === 'keyless' ? { defaultHeaders: { 'x-cg-demo-api-key': null, 'x-cg-pro-api-key': null } } : {}),
      ...(fetch ? { fetch } : {}),
      maxRetries: 0,
      timeout: timeoutMs,
      logLevel: 'off',
    })
  }

  #timedOut(what: string, baseUrl: string): QiError {
    return new QiError('TIMEOUT', `CoinGecko ${what}: no answer from ${baseUrl} within ${this.#options.timeoutMs} ms`)
  }

  /** A server may echo the key in its answer: it is taken out before a message is made of it and cut to length. */
  readonly #redact = (text: string): string => {
    const { apiKey } = this.#options
    return apiKey ? text.replaceAll(apiKey, '(key)') : text
  }
}

type Send = (sdk: Coingecko, options: { signal: AbortSignal }) => Promise<Response>
type Redact = (text: string) => string

function readBody(text: string, status: number, what: string, redact: Redact): ExactJson {
  let body: ExactJson
  try {
    body = parseExactJson(text)
  } catch {
    const shown = text.length === 0 ? 'an empty body' : `not JSON but "${redact(text).slice(0, 80).replace(/\s+/g, ' ')}"`
    // Cut short on its way, or the page of a proxy: the next answer may be whole.
    throw new QiError('BAD_DATA', `CoinGecko ${what}: the answer is ${shown}`, { retryable: true })
  }
  if (isErrorBody(body)) throw answerError({ status, body: redact(text) }, what)
  return body
}

/** The SDK's errors by their shape, so that it need not be loaded to tell them apart. */
function classify(error: unknown, what: string, baseUrl: string, redact: Redact): QiError {
  if (error instanceof QiError) return error
  const {
    status,
    headers,
    error: json,
    message,
  } = error as Partial<{ status: number; headers: Headers; error: unknown; message: string }>
  if (typeof status === 'number') {
    const noBody = `${status} status code (no body)`
    const body = json !== undefined ? JSON.stringify(json) : message === noBody ? '' : (message ?? '').replace(`${status} `, '')
    return answerError({ status, body: redact(body), retryAfter: headers?.get('retry-after') ?? null }, what)
  }
  const tls = tlsFault(error, 'coingecko.tls')
  if (tls)
    return new QiError(tls.code, `CoinGecko ${what}: ${baseUrl}: ${tls.why}; ${tls.remedy}`, { cause: error, retryable: false })
  const reason = errorMessage(deepest(error))
  const code = systemCode(error)
  const told = code && !reason.includes(code) ? `${code} ${reason}` : reason
  return new QiError('UNAVAILABLE', `CoinGecko ${what}: ${baseUrl} cannot be reached: ${told}`, { cause: error })
}

/** "fetch failed" says nothing, what caused it does. */
function deepest(error: unknown): unknown {
  let at = error
  for (let depth = 0; depth < 8 && at instanceof Error && at.cause; depth++) at = at.cause
  return at
}
