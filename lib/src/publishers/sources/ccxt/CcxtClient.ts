import { AsyncLocalStorage } from 'node:async_hooks'
import { HttpClient, SlidingWindowLimit } from '../../../base/networking/index.ts'
import {
  type Logger,
  type Micros,
  nowMicros,
  QiError,
  type RateLimit,
  type SourceContext,
  type Trouble,
} from '../../../base/types/index.ts'
import { Caller, type RunOptions } from '../shared/Caller.ts'
import type { CcxtConfig } from './config.ts'
import { keepDigits } from './digits.ts'
import { ccxtError, type LastAnswer, notJson } from './errors.ts'
import { type CcxtExchange, type CcxtMarket, loadExchange } from './library.ts'
import { readAddresses, restrictToSpot } from './setup.ts'

/** A result and the times around it. */
export interface Answered<T> {
  readonly value: T
  /** Before the first request was sent: whatever the answer shows had happened by some time after this. */
  readonly askedAt: Micros
  readonly receivedAt: Micros
}

/** A call that runs: found by the hooks of the exchange, which cannot be given parameters. */
interface Running {
  readonly permit: (weight?: number) => Promise<void>
  readonly signal: AbortSignal | undefined
  /** Permits taken and not used yet. */
  permits: number
  last: LastAnswer | undefined
  /** A body that was not JSON. ccxt goes on with it as if it were a list. */
  strange: string | undefined
}

/** The span in which calls are counted: short, because ccxt's limits are distances of calls. */
const WINDOW_MS = 10_000

/**
 * One exchange by ccxt, over our HTTP client and within our rate limit. Failures are classified: RATE_LIMITED, UNAVAILABLE, TIMEOUT,
 * NOT_FOUND (the symbol), UNAUTHORIZED, FORBIDDEN, BAD_REQUEST, BAD_DATA, UNSUPPORTED, CANCELLED.
 */
export class CcxtClient implements AsyncDisposable {
  readonly exchange: CcxtExchange
  /** The addresses of the exchange, separated by commas. */
  readonly baseUrl: string
  readonly #caller: Caller
  readonly #http: HttpClient
  readonly #running = new AsyncLocalStorage<Running>()

  constructor(exchange: CcxtExchange, { timeout_ms, base_url, calls_per_minute, sandbox }: CcxtConfig, context: SourceContext) {
    this.exchange = exchange
    const { name, logger, rateLimit } = context
    keepDigits(exchange)
    restrictToSpot(exchange)
    const addresses = readAddresses(exchange, name, { sandbox, base_url })
    this.baseUrl = addresses.join(', ')
    this.#http = new HttpClient({ bounds: { totalMs: timeout_ms, idleMs: timeout_ms } })
    const limits = limitsOf(exchange, calls_per_minute)
    const host = URL.parse(addresses[0] ?? '')?.host ?? exchange.id
    this.#caller = callerOf(
      exchange.id,
      logger,
      rateLimit?.(`ip:${host}`, { service: exchange.id, ...limits }) ?? new SlidingWindowLimit({ peer: exchange.id, ...limits }),
    )
    const { parseJson } = exchange
    exchange.parseJson = (text) => {
      const value = parseJson(text)
      if (value === undefined) this.#current().strange = text
      return value
    }
    exchange.enableRateLimit = true
    exchange.throttle = (cost = 1) => this.#throttle(Math.min(Math.max(cost, 0.01), limits.limit))
    exchange.fetchImplementation = (url: string, init: RequestInit) => this.#fetch(url, init)
  }

  /** @throws QiError CONFIG_INVALID */
  static async open(settings: CcxtConfig, context: SourceContext): Promise<CcxtClient> {
    return new CcxtClient(await loadExchange(settings.exchange ?? context.name, context.name), settings, context)
  }

  get answeredMsAgo(): number | undefined {
    return this.#caller.answeredMsAgo
  }

  get trouble(): Trouble | undefined {
    return this.#caller.trouble
  }

  /** Runs one call of ccxt, which may make several requests. @throws QiError classified */
  call<T>(what: string, run: (exchange: CcxtExchange) => Promise<T>, options: RunOptions = {}): Promise<Answered<T>> {
    const { id } = this.exchange
    const { signal } = options
    return this.#caller.run(
      what,
      async (permit) => {
        const running: Running = { permit, signal, permits: 0, last: undefined, strange: undefined }
        const askedAt = nowMicros()
        try {
          const value = await this.#running.run(running, () => run(this.exchange))
          if (running.strange !== undefined) throw notJson(`${id} ${what}`, running.strange, this.#http.redact)
          return { value, askedAt: Math.min(askedAt, dateOf(running.last) ?? askedAt), receivedAt: nowMicros() }
        } catch (error) {
          throw error instanceof QiError ? error : ccxtError(error, `${id} ${what}`, running.last, this.#http.redact)
        }
      },
      options,
    )
  }

  /** Fetches the list of markets again. One that fails leaves the list as it was. */
  loadMarkets(options?: RunOptions): Promise<Answered<void>> {
    return this.call('markets', async (exchange) => exchange.setMarkets(await exchange.fetchMarkets()), options)
  }

  get hasMarkets(): boolean {
    return this.exchange.markets !== undefined
  }

  /** The spot market of this symbol. */
  market(symbol: string): CcxtMarket | undefined {
    const markets = this.exchange.markets
    const found = markets && Object.hasOwn(markets, symbol) ? markets[symbol] : undefined
    return found?.spot ? found : undefined
  }

  /** Ends the calls that run. */
  close(): Promise<void> {
    return this.#http.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #throttle(cost: number): Promise<void> {
    const running = this.#current()
    await running.permit(cost)
    running.permits++
  }

  /** Every request needs a permit; some calls of ccxt pass by its throttle. Its own timer is left out: ours also bounds the body. */
  async #fetch(url: string, { method, headers, body }: RequestInit): Promise<Response> {
    const running = this.#current()
    if (running.permits > 0) running.permits--
    else await running.permit()
    const { signal } = running
    const response = await this.#http.fetch(url, {
      ...(method !== undefined && { method }),
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    })
    running.last = response
    return response
  }

  #current(): Running {
    const running = this.#running.getStore()
    if (!running) throw new QiError('INTERNAL', `${this.exchange.id}: a request outside of a call`)
    return running
  }
}

const callerOf = (peer: string, logger: Logger, rateLimit: RateLimit): Caller => new Caller({ peer, logger, rateLimit })

/** The limit in calls of cost 1. ccxt knows the least distance of two. */
function limitsOf({ rateLimit }: CcxtExchange, perMinute: number | undefined): { limit: number; windowMs: number } {
  if (perMinute !== undefined) return { limit: perMinute, windowMs: 60_000 }
  const apart = rateLimit > 0 ? rateLimit : 1000
  return apart > WINDOW_MS ? { limit: 1, windowMs: apart } : { limit: Math.floor(WINDOW_MS / apart), windowMs: WINDOW_MS }
}

/** The time of the answer by the exchange's clock, whole seconds. */
function dateOf(answer: LastAnswer | undefined): Micros | undefined {
  const time = Date.parse(answer?.headers.get('date') ?? '')
  return Number.isNaN(time) ? undefined : time * 1000
}
