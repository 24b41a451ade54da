import { Counter, Gauge, type Registry } from 'prom-client'
import type { HealthProbe } from '../health/probe.ts'
import type { ServedPlatform } from '../served.ts'

const UP = { up: 1, degraded: 0.5, down: 0 }

/** Status, restarts and waiting records of each part. */
export function partMetrics(register: Registry, platform: ServedPlatform, probe: HealthProbe): void {
  new Gauge({
    name: 'qicore_part_up',
    help: '1 if a part is up, 0.5 degraded, 0 down',
    labelNames: ['part'] as const,
    registers: [register],
    async collect() {
      this.reset()
      for (const { name, status } of (await probe.ask()).parts) this.set({ part: name }, UP[status])
    },
  })
  new Counter({
    name: 'qicore_part_restarts_total',
    help: 'Restarts of a part after a failure',
    labelNames: ['part'] as const,
    registers: [register],
    collect() {
      this.reset()
      for (const { name, restarts } of statusOf(platform).parts) this.inc({ part: name }, restarts)
    },
  })
  new Gauge({
    name: 'qicore_queue_records',
    help: 'Records of a source that are not in the stream yet, or records that a consumer read and has not written yet',
    labelNames: ['part'] as const,
    registers: [register],
    collect() {
      this.reset()
      const { consumers, publishers } = statusOf(platform)
      for (const { source, inFlight } of publishers) this.set({ part: `source ${source}` }, inFlight)
      for (const { name, waiting } of consumers) this.set({ part: `consumer ${name}` }, waiting)
    },
  })
}

const nothing = { parts: [], consumers: [], publishers: [] }

/** Empty before the platform is initialized and after it was closed. */
export function statusOf(platform: ServedPlatform): Pick<ReturnType<ServedPlatform['getStatus']>, keyof typeof nothing> {
  try {
    return platform.getStatus()
  } catch {
    return nothing
  }
}
