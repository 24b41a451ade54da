import type { Coingecko } from '@coingecko/coingecko-typescript'
import { type BreakerSettings, HttpClient, LoadBalancer, type Redact, type TlsOptions } from '../../../base/networking/index.ts'
import type { QiError } from '../../../base/types/index.ts'
import { type Answer, exchange } from '../shared/exchange.ts'
import { answerError, isErrorBody } from './errors.ts'
import { PLANS, type Plan } from './plans.ts'

export interface TransportOptions {
  /** The name of the instance, for errors of its settings. */
  readonly source: string
  readonly plan: Plan
  readonly apiKey?: string | undefined
  /** Default: that of the plan. Each is a fallback of the others. */
  readonly baseUrls?: readonly string[] | undefined
  readonly timeoutMs: number
  readonly breaker?: BreakerSettings | undefined
  readonly tls?: TlsOptions | undefined
  /** Sends requests in place of HTTP. */
  readonly fetch?: typeof globalThis.fetch
}

/** Makes single calls by the official SDK, without its parsing, which loses digits, and without its retries, which ignore the rate limit. */
export class Transport {
  readonly #options: TransportOptions
  readonly #urls: readonly string[]
  readonly #balancer: LoadBalancer
  readonly #http: HttpClient
  readonly #sdks = new Map<string, Promise<Coingecko>>()

  constructor(options: TransportOptions) {
    this.#options = options
    this.#urls = options.baseUrls?.length ? options.baseUrls : [PLANS[options.plan].baseUrl]
    const { source, breaker, timeoutMs, tls, apiKey } = options
    this.#http = new HttpClient({
      bounds: { totalMs: timeoutMs, idleMs: timeoutMs },
      redirects: 'same-origin',
      tls,
      tlsAt: `sources.${source}.tls`,
      secrets: [apiKey],
    })
    this.#balancer = new LoadBalancer({ service: 'CoinGecko', endpoints: this.#urls, ...(breaker && { breaker }) })
  }

  /** The addresses, separated by commas. */
  get baseUrl(): string {
    return this.#urls.join(', ')
  }

  /**
   * One call; if its address fails, one try at each of the others.
   * @param permit awaited before each request
   * @throws QiError classified; its message never holds the key
   */
  call(what: string, send: Send, permit: () => Promise<void>, signal?: AbortSignal): Promise<Answer> {
    return this.#balancer.run(async (baseUrl) => {
      await permit()
      return this.#once(baseUrl, what, send, signal)
    }, signal)
  }

  async #once(baseUrl: string, what: string, send: Send, signal?: AbortSignal): Promise<Answer> {
    const { timeoutMs } = this.#options
    const { redact } = this.#http
    return exchange({
      ...{ peer: 'CoinGecko', what, address: baseUrl, timeoutMs, redact, signal },
      send: async (either) => send(await this.#sdk(baseUrl), { signal: either }),
      refusal: ({ status, headers }, text, body) =>
        isErrorBody(body) ? answerError({ status, headers, body: redact(text) }, what) : undefined,
      classify: (thrown) => sdkError(thrown, what, redact),
    })
  }

  #sdk(baseUrl: string): Promise<Coingecko> {
    const known = this.#sdks.get(baseUrl) ?? this.#connect(baseUrl)
    this.#sdks.set(baseUrl, known)
    return known
  }

  // Loaded at the first call, so that other commands do not wait for it.
  async #connect(baseUrl: string): Promise<Coingecko> {
    const { Coingecko } = await import('@coingecko/coingecko-typescript')
    const { plan, apiKey = null, fetch = this.#http.fetch, timeoutMs } = this.#options
    return new Coingecko({
      baseURL: baseUrl.replace(/\/+$/, ''),
      // With undefined the SDK would take a key from the environment.
      demoAPIKey: plan === 'demo' ? apiKey : null,
      proAPIKey: plan === 'pro' ? apiKey : null,
      ...(plan === 'keyless' ? { defaultHeaders: { 'x-cg-demo-api-key': null, 'x-cg-pro-api-key': null } } : {}),
      fetch,
      maxRetries: 0,
      timeout: timeoutMs,
      logLevel: 'off',
    })
  }
}

type Send = (sdk: Coingecko, options: { signal: AbortSignal }) => Promise<Response>

/** Classifies an error of the SDK by its shape, so that the SDK need not be loaded. */
function sdkError(thrown: unknown, what: string, redact: Redact): QiError | undefined {
  const { status, headers, error: json, message } = thrown as Partial<SdkError>
  if (typeof status !== 'number') return undefined
  const noBody = `${status} status code (no body)`
  const body = json !== undefined ? JSON.stringify(json) : message === noBody ? '' : (message ?? '').replace(`${status} `, '')
  return answerError({ status, headers, body: redact(body) }, what)
}

interface SdkError {
  readonly status: number
  readonly headers: Headers
  readonly error: unknown
  readonly message: string
}
