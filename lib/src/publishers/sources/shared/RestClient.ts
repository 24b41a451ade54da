import {
  type BreakerSettings,
  type Clock,
  HttpClient,
  LoadBalancer,
  SlidingWindowLimit,
  type TlsOptions,
} from '../../../base/networking/index.ts'
import type { ExactJson, Logger, RateLimit, Trouble } from '../../../base/types/index.ts'
import { CALL_TIMEOUT_MS, Caller, type RunOptions } from './Caller.ts'
import { answerError, type ErrorAnswer } from './errors.ts'
import { type Answer, exchange } from './exchange.ts'

export interface RestClientOptions {
  /** The provider's name for people. */
  readonly peer: string
  /** Base URLs, which end before the path of a call. Several share the calls, and each is a fallback of the others. */
  readonly baseUrls: readonly string[]
  /** Sent with each call, such as a key. */
  readonly headers?: Readonly<Record<string, string>>
  /** Keys, which are removed from every error. */
  readonly secrets?: readonly (string | undefined)[]
  /** The limit shared by all users of the key: that of `SourceContext.rateLimit`. Default: `callsPerMinute`, for this client alone. */
  readonly rateLimit?: RateLimit | undefined
  readonly callsPerMinute: number
  /** Time for one call, until its body is complete. Default {@link CALL_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined
  readonly attempts?: number | undefined
  readonly retryBaseMs?: number | undefined
  readonly retryMaxMs?: number | undefined
  readonly totalMs?: number | undefined
  /** The circuit breaker of each address. */
  readonly breaker?: BreakerSettings | undefined
  readonly tls?: TlsOptions | undefined
  /** Path of the settings that TLS errors name. Default `tls`. */
  readonly tlsAt?: string
  /** Classifies a failed answer. Default: by its status. */
  readonly errorOf?: (answer: ErrorAnswer, what: string) => ReturnType<typeof answerError>
  /** True if the body of a good status is a failure all the same: `errorOf` classifies it. Default: it never is. */
  readonly isFailure?: (body: ExactJson) => boolean
  readonly logger?: Logger
  readonly clock?: Clock
}

/**
 * A provider's REST API: bodies keep every digit; calls keep the rate limit and are retried where that helps. Failures are
 * classified: RATE_LIMITED (with retryAfterMs), UNAUTHORIZED, FORBIDDEN, NOT_FOUND, BAD_REQUEST, UNAVAILABLE, TIMEOUT, BAD_DATA,
 * CANCELLED; no message holds a secret.
 */
export class RestClient implements AsyncDisposable {
  readonly #options: RestClientOptions
  readonly #timeoutMs: number
  readonly #http: HttpClient
  readonly #balancer: LoadBalancer
  readonly #caller: Caller

  constructor(options: RestClientOptions) {
    const {
      peer,
      baseUrls,
      timeoutMs = CALL_TIMEOUT_MS,
      breaker,
      tls,
      tlsAt = 'tls',
      secrets = [],
      callsPerMinute,
      clock,
    } = options
    this.#options = options
    this.#timeoutMs = timeoutMs
    const bounds = { totalMs: timeoutMs, idleMs: timeoutMs }
    this.#http = new HttpClient({ bounds, redirects: 'same-origin', tls, tlsAt, secrets })
    this.#balancer = new LoadBalancer({ service: peer, endpoints: baseUrls, ...(breaker && { breaker }) })
    const { rateLimit = new SlidingWindowLimit({ limit: callsPerMinute, peer, ...(clock && { clock }) }) } = options
    this.#caller = new Caller({ ...options, rateLimit })
  }

  /** The addresses, separated by commas. */
  get baseUrl(): string {
    return this.#options.baseUrls.join(', ')
  }

  /** See {@link Caller.answeredMsAgo}. */
  get answeredMsAgo(): number | undefined {
    return this.#caller.answeredMsAgo
  }

  /** See {@link Caller.trouble}. */
  get trouble(): Trouble | undefined {
    return this.#caller.trouble
  }

  /** GET. Parameters that are undefined are left out. @param path begins with a slash */
  get(
    path: string,
    query: Readonly<Record<string, string | number | undefined>> = {},
    options: RunOptions = {},
  ): Promise<Answer> {
    const { peer, headers = {}, isFailure, errorOf = (answer, what) => answerError(peer, what, answer) } = this.#options
    const { signal } = options
    const { redact } = this.#http
    const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]))
    const search = new URLSearchParams(Object.fromEntries(given)).toString()
    return this.#caller.run(
      path,
      (permit) =>
        this.#balancer.run(async (baseUrl) => {
          await permit()
          return exchange({
            ...{ peer, what: path, address: baseUrl, timeoutMs: this.#timeoutMs, redact, signal },
            send: (either) =>
              this.#http.fetch(`${baseUrl.replace(/\/+$/, '')}${path}${search && `?${search}`}`, { headers, signal: either }),
            refusal: ({ ok, status, headers: answered }, text, body) =>
              ok && !(body !== undefined && isFailure?.(body))
                ? undefined
                : errorOf({ status, headers: answered, body: redact(text) }, path),
          })
        }, signal),
      options,
    )
  }

  /** Closes all connections, and aborts the calls on them. */
  close(): Promise<void> {
    return this.#http.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
