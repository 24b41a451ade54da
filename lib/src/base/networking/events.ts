import { channel } from 'node:diagnostics_channel'
import type { ErrorCode } from '../types/index.ts'

/** Where everything in this folder tells what it does; `node:diagnostics_channel` costs nothing while nobody listens. */
export const NETWORK_CHANNEL = 'qicore:network'

/** `peer` names whom it is about, such as `coingecko` or `coingecko https://…`; it never holds a key or password. */
export type NetworkEvent =
  /** One call, once. */
  | { readonly type: 'attempt'; readonly peer: string; readonly outcome: 'ok' | ErrorCode; readonly ms: number }
  /** A call failed and is made again after a wait. */
  | { readonly type: 'retry'; readonly peer: string; readonly attempt: number; readonly code: ErrorCode; readonly waitMs: number }
  /** A call took longer than it may. */
  | { readonly type: 'timeout'; readonly peer: string; readonly ms: number }
  /** A circuit breaker changed; `forMs` is how long it stays open before a probe. */
  | { readonly type: 'circuit'; readonly peer: string; readonly state: CircuitState; readonly forMs?: number }
  /** An endpoint of several gets no more calls, or gets them again. */
  | { readonly type: 'ejected' | 'returned'; readonly peer: string; readonly endpoint: string }
  /** A call waits for the rate limit, or the peer asked to be left alone. */
  | { readonly type: 'limit-wait' | 'limit-penalty'; readonly peer: string; readonly ms: number }
  /** A health check ended. */
  | { readonly type: 'check'; readonly peer: string; readonly ok: boolean; readonly ms: number }

export type CircuitState = 'closed' | 'open' | 'half-open'

const events = channel(NETWORK_CHANNEL)

export function publishNetworkEvent(event: NetworkEvent): void {
  if (events.hasSubscribers) events.publish(event)
}
