import { Counter, Gauge, type Registry } from 'prom-client'
import type { LiveServer } from '../ws/LiveServer.ts'

export function liveMetrics(register: Registry, live: LiveServer): void {
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
}
