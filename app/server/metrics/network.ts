import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { NETWORK_CHANNEL, type NetworkEvent } from '../../../lib/src/base/types/index.ts'

const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Calls to peers, from the diagnostics channel of the network layer of this process. */
export function networkMetrics(register: Registry): { close(): void } {
  const registers = [register]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers })
  const calls = new Histogram({
    name: 'qicore_peer_call_duration_seconds',
    help: 'Time of one call to a peer, by outcome',
    labelNames: ['peer', 'outcome'],
    buckets: SECONDS,
    registers,
  })
  const retries = counter('qicore_peer_retries_total', 'Calls to a peer that failed and were repeated', 'peer', 'code')
  const ejections = counter(
    'qicore_peer_ejections_total',
    'Times that an endpoint was left out because of its failures',
    'peer',
    'endpoint',
  )
  const waits = counter('qicore_rate_limit_wait_seconds_total', 'Time that calls waited for the rate limit of a peer', 'peer')
  const penalties = counter('qicore_rate_limit_penalties_total', 'Times that a peer throttled us', 'peer')
  const open = new Gauge({
    name: 'qicore_circuit_open',
    help: '1 while calls to a peer are refused because of its failures, 0.5 while one call probes it',
    labelNames: ['peer'],
    registers,
  })

  const listener = (message: unknown) => {
    const event = message as NetworkEvent
    const { peer } = event
    if (event.type === 'attempt') calls.observe({ peer, outcome: event.outcome }, event.ms / 1000)
    else if (event.type === 'retry') retries.inc({ peer, code: event.code })
    else if (event.type === 'ejected') ejections.inc({ peer, endpoint: event.endpoint })
    else if (event.type === 'limit-wait') waits.inc({ peer }, event.ms / 1000)
    else if (event.type === 'limit-penalty') penalties.inc({ peer })
    else if (event.type === 'circuit') open.set({ peer }, STATES[event.state])
  }
  subscribe(NETWORK_CHANNEL, listener)
  return { close: () => void unsubscribe(NETWORK_CHANNEL, listener) }
}

const STATES = { closed: 0, 'half-open': 0.5, open: 1 }
