import {
  CircuitState as Circuit,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type IHalfOpenAfterBackoffContext,
  SamplingBreaker,
} from 'cockatiel'
import { type CircuitState, type ErrorCode, QiError, toQiError } from '../types/index.ts'
import { publishNetworkEvent } from './events.ts'
import { type BreakerSettings, breakerSettings } from './settings.ts'

/** Errors that count against an endpoint; any other error is an answer. */
const FAULTS: readonly ErrorCode[] = ['UNAVAILABLE', 'TIMEOUT']

export const isEndpointFault = (error: unknown): boolean => FAULTS.includes(toQiError(error).code)

/**
 * A circuit breaker. After enough failures calls are refused at once, until a single call may probe the endpoint. A good probe closes the
 * circuit, a failed one doubles the wait.
 */
export class CircuitBreaker {
  readonly peer: string
  readonly #policy: CircuitBreakerPolicy
  #probeAt = 0
  #openMs = 0

  constructor(peer: string, settings: BreakerSettings = breakerSettings.parse({})) {
    this.peer = peer
    const { failures, failure_rate, window_ms, open_ms, max_open_ms } = settings
    this.#policy = circuitBreaker(
      handleWhen((error) => this.#counts(error)),
      {
        breaker: failure_rate
          ? new SamplingBreaker({ threshold: failure_rate, duration: window_ms, minimumRps: (failures * 1000) / window_ms })
          : new ConsecutiveBreaker(failures),
        halfOpenAfter: new DelegateBackoff(({ attempt }: IHalfOpenAfterBackoffContext) => {
          this.#openMs = Math.min(max_open_ms, open_ms * 2 ** (attempt - 1))
          return this.#openMs
        }),
      },
    )
    this.#policy.onBreak(() => {
      this.#probeAt = Date.now() + this.#openMs
      publishNetworkEvent({ type: 'circuit', peer, state: 'open', forMs: this.#openMs })
    })
    this.#policy.onHalfOpen(() => publishNetworkEvent({ type: 'circuit', peer, state: 'half-open' }))
    this.#policy.onReset(() => publishNetworkEvent({ type: 'circuit', peer, state: 'closed' }))
  }

  get state(): CircuitState {
    return STATES[this.#policy.state]
  }

  /** Milliseconds until a probe is let through; 0 if a call is let through now. */
  get waitMs(): number {
    return this.state === 'open' ? Math.max(0, this.#probeAt - Date.now()) : 0
  }

  /** @throws QiError UNAVAILABLE with retryAfterMs while the circuit is open or being probed; the error of the call */
  async execute<T>(call: () => Promise<T>): Promise<T> {
    const { state, waitMs } = this
    // cockatiel would make the others wait for the probe, without a way to cancel.
    if (state === 'half-open' || waitMs > 0) throw this.#refusal(state, waitMs)
    return this.#policy.execute(() => this.#observed(call))
  }

  #refusal(state: CircuitState, waitMs: number): QiError {
    const when = state === 'open' ? `it is tried again in ${Math.ceil(waitMs / 100) / 10} s` : 'it is being tried again'
    return new QiError('UNAVAILABLE', `${this.peer} failed too often: ${when}`, { retryAfterMs: Math.max(waitMs, 10) })
  }

  async #observed<T>(call: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const tell = (outcome: 'ok' | ErrorCode) =>
      publishNetworkEvent({ type: 'attempt', peer: this.peer, outcome, ms: performance.now() - start })
    try {
      const result = await call()
      tell('ok')
      return result
    } catch (thrown) {
      const error = toQiError(thrown)
      tell(error.code)
      throw error
    }
  }

  /** A cancelled probe proves nothing: the circuit stays open. */
  #counts(error: unknown): boolean {
    return isEndpointFault(error) || (this.state === 'half-open' && toQiError(error).code === 'CANCELLED')
  }
}

const STATES: Readonly<Record<Circuit, CircuitState>> = {
  [Circuit.Closed]: 'closed',
  [Circuit.Open]: 'open',
  [Circuit.HalfOpen]: 'half-open',
  [Circuit.Isolated]: 'open',
}
