import { type CircuitState, QiError } from '../types/index.ts'
import { CircuitBreaker, isEndpointFault } from './breaker.ts'
import { throwIfAborted } from './clock.ts'
import { publishNetworkEvent } from './events.ts'
import { type BreakerSettings, breakerSettings } from './settings.ts'

export interface LoadBalancerOptions {
  /** Name of the service, such as `coingecko`. */
  readonly service: string
  /** Such as base URLs; at least one. */
  readonly endpoints: readonly string[]
  /** In turn, or the one with the fewest calls in progress. Default `round_robin`. */
  readonly strategy?: 'round_robin' | 'least_pending'
  readonly breaker?: BreakerSettings
}

export interface EndpointStatus {
  readonly endpoint: string
  readonly state: CircuitState
  readonly pending: number
}

class Endpoint {
  readonly name: string
  readonly breaker: CircuitBreaker
  pending = 0
  ejected = false

  constructor(service: string, name: string, breaker: BreakerSettings) {
    this.name = name
    this.breaker = new CircuitBreaker(`${service} ${name}`, breaker)
  }
}

/**
 * Balances calls over the endpoints of one service. A failed call goes on to the next endpoint, each once. An endpoint that fails too
 * often is ejected, and returns once a single probe succeeds.
 */
export class LoadBalancer {
  readonly service: string
  readonly #endpoints: readonly Endpoint[]
  readonly #strategy: 'round_robin' | 'least_pending'
  #turn = 0

  constructor({ service, endpoints, strategy = 'round_robin', breaker = breakerSettings.parse({}) }: LoadBalancerOptions) {
    if (endpoints.length === 0) throw new QiError('CONFIG_INVALID', `${service}: no endpoint is named`)
    this.service = service
    this.#strategy = strategy
    this.#endpoints = [...new Set(endpoints)].map((name) => new Endpoint(service, name, breaker))
  }

  status(): readonly EndpointStatus[] {
    return this.#endpoints.map(({ name, breaker, pending }) => ({ endpoint: name, state: breaker.state, pending }))
  }

  /**
   * Makes one call, at a healthy endpoint. The work needs a timeout of its own.
   * @throws QiError of the last endpoint; UNAVAILABLE with retryAfterMs while all of them are ejected
   */
  async run<T>(call: (endpoint: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const tried = new Set<Endpoint>()
    let failure: unknown
    for (let endpoint = this.#choose(tried); endpoint; endpoint = this.#choose(tried)) {
      throwIfAborted(signal)
      tried.add(endpoint)
      try {
        return await this.#call(endpoint, call)
      } catch (error) {
        if (!isEndpointFault(error)) throw error
        failure = error
      }
    }
    throw failure ?? this.#allEjected()
  }

  async #call<T>(endpoint: Endpoint, call: (endpoint: string) => Promise<T>): Promise<T> {
    const { breaker, name } = endpoint
    endpoint.pending++
    try {
      return await breaker.execute(() => call(name))
    } finally {
      endpoint.pending--
      const ejected = breaker.state !== 'closed'
      if (ejected !== endpoint.ejected)
        publishNetworkEvent({ type: ejected ? 'ejected' : 'returned', peer: this.service, endpoint: name })
      endpoint.ejected = ejected
    }
  }

  /** An endpoint that is due for a probe goes first: if it fails, the call goes on to another. */
  #choose(tried: ReadonlySet<Endpoint>): Endpoint | undefined {
    const { length } = this.#endpoints
    const inTurn = this.#endpoints.map((_, i) => this.#endpoints[(this.#turn + i) % length] as Endpoint)
    const left = inTurn.filter((endpoint) => !tried.has(endpoint))
    const probe = left.find(({ breaker }) => breaker.state === 'open' && breaker.waitMs === 0)
    const well = left.filter(({ breaker }) => breaker.state === 'closed')
    const idlest = this.#strategy === 'least_pending' ? Math.min(...well.map(({ pending }) => pending)) : undefined
    const chosen = probe ?? well.find(({ pending }) => idlest === undefined || pending === idlest)
    // A second attempt does not advance the round robin.
    if (chosen && tried.size === 0) this.#turn = (this.#endpoints.indexOf(chosen) + 1) % length
    return chosen
  }

  #allEjected(): QiError {
    const wait = Math.max(10, Math.min(...this.#endpoints.map(({ breaker }) => breaker.waitMs)))
    const names = this.#endpoints.map(({ name }) => name).join(', ')
    return new QiError(
      'UNAVAILABLE',
      `${this.service}: ${names} failed too often; tried again in ${Math.ceil(wait / 100) / 10} s`,
      { retryAfterMs: wait },
    )
  }
}
