import { Counter, Gauge, type Registry } from 'prom-client'
import type { Connections } from '../connections.ts'

export function connectionMetrics(register: Registry, connections: Connections): void {
  new Gauge({
    name: 'qicore_http_connections',
    help: 'Connections of HTTP and WebSocket clients',
    registers: [register],
    collect() {
      this.set(connections.stats().open)
    },
  })
  new Counter({
    name: 'qicore_http_connections_refused_total',
    help: 'Connections refused because there were too many, in all or of one address',
    registers: [register],
    collect() {
      this.reset()
      this.inc(connections.stats().refused)
    },
  })
  new Counter({
    name: 'qicore_http_connections_stalled_total',
    help: 'Connections cut because the client did not read what was sent to it',
    registers: [register],
    collect() {
      this.reset()
      this.inc(connections.stats().stalled)
    },
  })
}
