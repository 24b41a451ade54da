import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Counter, type Registry } from 'prom-client'
import {
  FAILURE_CHANNEL,
  NETWORK_CHANNEL,
  type NetworkEvent,
  type PartFailure,
  PUBLISHER_CHANNEL,
  type PublisherEvent,
} from '../../../lib/src/base/types/index.ts'

/** All failures in this process under one name, including those that a retry repaired. */
export function failureMetrics(register: Registry): { close(): void } {
  const errors = new Counter({
    name: 'qicore_errors_total',
    help: 'Failures of a part, or of calls to a peer, by code; each retry counts',
    labelNames: ['part', 'code'] as const,
    registers: [register],
  })
  const listeners = [
    [FAILURE_CHANNEL, (message: unknown) => errors.inc({ ...(message as PartFailure) })],
    [
      PUBLISHER_CHANNEL,
      (message: unknown) => {
        const event = message as PublisherEvent
        if (event.type === 'retry') errors.inc({ part: `source ${event.source}`, code: event.code })
      },
    ],
    [
      NETWORK_CHANNEL,
      (message: unknown) => {
        const event = message as NetworkEvent
        if (event.type === 'attempt' && event.outcome !== 'ok') errors.inc({ part: event.peer, code: event.outcome })
      },
    ],
  ] as const
  for (const [channel, listener] of listeners) subscribe(channel, listener)
  return {
    close() {
      for (const [channel, listener] of listeners) unsubscribe(channel, listener)
    },
  }
}
