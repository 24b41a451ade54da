import { Counter, Gauge, type Registry } from 'prom-client'
import type { LiveHub } from '../live/LiveHub.ts'
import type { LiveEvents } from '../sse/LiveEvents.ts'
import type { LiveServer } from '../ws/LiveServer.ts'

export interface LiveParts {
  readonly live: LiveServer
  readonly events: LiveEvents
  readonly hub: LiveHub
}

export function liveMetrics(register: Registry, { live, events, hub }: LiveParts): void {
  new Gauge({
    name: 'qicore_ws_clients',
    help: 'WebSocket clients connected',
    registers: [register],
    collect() {
      this.set(live.stats().clients)
    },
  })
  new Counter({
    name: 'qicore_ws_records_sent_total',
    help: 'Records sent to WebSocket clients',
    registers: [register],
    collect() {
      this.reset()
      this.inc(live.stats().sent)
    },
  })
  new Counter({
    name: 'qicore_ws_records_dropped_total',
    help: 'Records not sent because a WebSocket client was too slow',
    registers: [register],
    collect() {
      this.reset()
      this.inc(live.stats().dropped)
    },
  })
  new Gauge({
    name: 'qicore_sse_clients',
    help: 'Clients of live server-sent events connected',
    registers: [register],
    collect() {
      this.set(events.stats().clients)
    },
  })
  new Counter({
    name: 'qicore_sse_records_sent_total',
    help: 'Records sent as server-sent events',
    registers: [register],
    collect() {
      this.reset()
      this.inc(events.stats().sent)
    },
  })
  new Gauge({
    name: 'qicore_live_catching_up',
    help: 'Live clients that catch up with older records, by state: reading, or waiting for their turn',
    labelNames: ['state'] as const,
    registers: [register],
    collect() {
      const { active, waiting } = hub.catchingUp
      this.set({ state: 'reading' }, active)
      this.set({ state: 'waiting' }, waiting)
    },
  })
}
