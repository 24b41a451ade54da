import type { ErrorCode } from './errors.ts'

/** One channel of `node:diagnostics_channel`. Publishing costs nothing while nobody subscribes. */
export interface DiagnosticsChannel {
  readonly name: string
  /** When something is published, as a sentence. */
  readonly when: string
  /** The TypeScript type of the payload. */
  readonly payload: string
  /** Each value of the payload's `type`, where it has one. */
  readonly types?: Readonly<Record<string, string>>
  /** Each field of the payload. */
  readonly fields: Readonly<Record<string, string>>
}

type Keys<E> = E extends unknown ? keyof E & string : never
type Types<E> = E extends { readonly type: infer T extends string } ? T : never
interface Described<E> extends DiagnosticsChannel {
  readonly types?: Readonly<Record<Types<E>, string>>
  readonly fields: Readonly<Record<Exclude<Keys<E>, 'type'>, string>>
}

/** Checks that every field and type of the payload is described. */
const channelOf = <E>(described: Described<E>): DiagnosticsChannel => described

export const FAILURE_CHANNEL = 'qicore:failure'
export interface PartFailure {
  readonly part: string
  readonly code: ErrorCode
}

export const NETWORK_CHANNEL = 'qicore:network'
export type CircuitState = 'closed' | 'open' | 'half-open'
export type NetworkEvent =
  | { readonly type: 'attempt'; readonly peer: string; readonly outcome: 'ok' | ErrorCode; readonly ms: number }
  | { readonly type: 'retry'; readonly peer: string; readonly attempt: number; readonly code: ErrorCode; readonly waitMs: number }
  | { readonly type: 'timeout'; readonly peer: string; readonly ms: number }
  | { readonly type: 'circuit'; readonly peer: string; readonly state: CircuitState; readonly forMs?: number }
  | { readonly type: 'ejected' | 'returned'; readonly peer: string; readonly endpoint: string }
  | { readonly type: 'limit-wait' | 'limit-penalty'; readonly peer: string; readonly ms: number }
  | { readonly type: 'check'; readonly peer: string; readonly ok: boolean; readonly ms: number }

export const PUBLISHER_CHANNEL = 'qicore:publisher'
export type PublisherState = 'idle' | 'running' | 'degraded' | 'draining' | 'closed' | 'failed'
export type PublisherEvent = { readonly source: string } & (
  | { readonly type: 'appended'; readonly topic: string; readonly records: number; readonly bytes: number; readonly ms: number }
  | { readonly type: 'dead-lettered'; readonly topic: string; readonly records: number; readonly ms: number }
  | {
      readonly type: 'retry'
      readonly topic: string
      readonly attempt: number
      readonly waitMs: number
      readonly code: string
      readonly message: string
    }
  | { readonly type: 'state'; readonly state: PublisherState }
)

export const CONSUMER_CHANNEL = 'qicore:consumer'
export interface DeliveryWrite {
  readonly pipeline: string
  readonly destination: string
  readonly topic: string
  readonly written: number
  readonly overwritten: number
  readonly failed: number
  readonly damaged: number
  readonly milliseconds: number
  readonly oldest: number
  readonly market: number | undefined
}

export const SKIP_CHANNEL = 'qicore:skip'
export interface SkippedRange {
  readonly group: string
  readonly pipeline?: string
  readonly destination?: string
  readonly topic: string
  readonly partition: number
  readonly from: bigint
  readonly to: bigint
}

export const AGENT_CHANNEL = 'qicore:agent'
/** `cancelled`: also a durable run that this process left unfinished; it resumes at the next start. */
export type RunEnd = 'succeeded' | 'failed' | 'cancelled'
export interface AgentRunEvent {
  readonly agent: string
  readonly workflow: string
  readonly state: 'started' | RunEnd
  readonly running: number
  readonly ms?: number
}

export const FRAME_CHANNEL = 'qicore:frame'
/** One raw text of a socket, as it was sent or received. */
export interface FrameEvent {
  readonly source: string
  readonly direction: 'sent' | 'received'
  readonly text: string
  readonly at: number
}

/** Every channel of the platform. `docs/reference/diagnostics.md` is made from it. */
export const DIAGNOSTICS_CHANNELS: readonly DiagnosticsChannel[] = [
  channelOf<PublisherEvent>({
    name: PUBLISHER_CHANNEL,
    when: 'A publisher appended, retried, or changed its state: one event per append, never one per record.',
    payload: 'PublisherEvent',
    types: {
      appended: 'records are durable in the stream',
      'dead-lettered': 'rejected records are in the dead letters',
      retry: 'an append failed and is repeated after a wait',
      state: 'the publisher changed its state',
    },
    fields: {
      source: 'name of the source',
      topic: 'topic of the append',
      records: 'number of records',
      bytes: 'bytes of their values',
      ms: 'duration in milliseconds',
      attempt: 'number of the failed attempt, from 1',
      waitMs: 'wait before the next attempt, in milliseconds',
      code: 'error code of the failure',
      message: 'message of the failure',
      state: 'idle, running, degraded, draining, closed or failed',
    },
  }),
  channelOf<DeliveryWrite>({
    name: CONSUMER_CHANNEL,
    when: 'A delivery finished a write to its destination, before it acknowledges.',
    payload: 'DeliveryWrite',
    fields: {
      pipeline: 'name of the pipeline',
      destination: 'name of the destination',
      topic: 'topic of the records',
      written: 'records that were added',
      overwritten: 'records whose key was already stored',
      failed: 'records that became dead letters',
      damaged: 'batches of damaged bytes that became dead letters',
      milliseconds: 'duration of the write',
      oldest: 'append time of the oldest record, in milliseconds since 1970',
      market: 'market time of the oldest live record, in milliseconds since 1970; undefined if the batch has none',
    },
  }),
  channelOf<SkippedRange>({
    name: SKIP_CHANNEL,
    when: 'The lag of a group exceeded its bound, and a range of a partition was skipped.',
    payload: 'SkippedRange',
    fields: {
      group: 'consumer group',
      pipeline: 'name of the pipeline, where it is known',
      destination: 'name of the destination, where it is known',
      topic: 'topic of the range',
      partition: 'partition of the range',
      from: 'first skipped offset, a bigint',
      to: 'offset after the last skipped one, a bigint',
    },
  }),
  channelOf<PartFailure>({
    name: FAILURE_CHANNEL,
    when: 'A part of the platform failed, even if it is retried. Calls to peers and appends are on the channels of network and publisher.',
    payload: 'PartFailure',
    fields: { part: 'name of the part, as in the health of the platform', code: 'error code' },
  }),
  channelOf<NetworkEvent>({
    name: NETWORK_CHANNEL,
    when: 'A call to a peer ended, failed or waited; a circuit breaker, an endpoint or a health check changed.',
    payload: 'NetworkEvent',
    types: {
      attempt: 'one call ended',
      retry: 'a call failed and is repeated after a wait',
      timeout: 'a call took longer than its limit',
      circuit: 'a circuit breaker changed its state',
      ejected: 'an endpoint gets no more calls for now',
      returned: 'an endpoint gets calls again',
      'limit-wait': 'a call waits for the rate limit',
      'limit-penalty': 'the peer asked for a pause',
      check: 'a health check ended',
    },
    fields: {
      peer: 'service, or service and endpoint; without keys and passwords',
      outcome: 'ok, or the error code',
      ms: 'duration, limit or wait in milliseconds',
      attempt: 'number of the failed attempt, from 1',
      code: 'error code of the failure',
      waitMs: 'wait before the next attempt, in milliseconds',
      state: 'closed, open or half-open',
      forMs: 'milliseconds until the breaker lets a probe through',
      endpoint: 'name of the endpoint',
      ok: 'true if the check succeeded',
    },
  }),
  channelOf<AgentRunEvent>({
    name: AGENT_CHANNEL,
    when: 'A run of an agent began or ended in this process.',
    payload: 'AgentRunEvent',
    fields: {
      agent: 'name of the agent',
      workflow: 'name of the workflow',
      state: 'started, succeeded, failed or cancelled',
      running: 'runs of the agent in progress',
      ms: 'duration in milliseconds, once it ended',
    },
  }),
  channelOf<FrameEvent>({
    name: FRAME_CHANNEL,
    when: 'A socket of an exchange sent or received a text. It may hold what was sent in a subscription.',
    payload: 'FrameEvent',
    fields: {
      source: 'name of the source',
      direction: 'sent or received',
      text: 'the text as it is',
      at: 'time in microseconds since 1970',
    },
  }),
]
