import { Counter, Gauge, type Registry } from 'prom-client'
import type { HealthProbe } from '../health/probe.ts'
import type { ServedPlatform } from '../served.ts'

const UP = { up: 1, degraded: 0.5, down: 0 }

/** How each part is, and how often it was started again. */
export function partMetrics(register: Registry, platform: ServedPlatform, probe: HealthProbe): void {
  new Gauge({
    name: 'qicore_part_up',
    help: '1 where a part is up, 0.5 degraded, 0 down',
    labelNames: ['part'] as const,
    registers: [register],
    async collect() {
      this.reset()
      for (const { name, status } of (await probe.ask()).parts) this.set({ part: name }, UP[status])
    },
  })
  new Counter({
    name: 'qicore_part_restarts_total',
    help: 'How often a part failed and was started again',
    labelNames: ['part'] as const,
    registers: [register],
    collect() {
      this.reset()
      for (const { name, restarts } of partsOf(platform)) this.inc({ part: name }, restarts)
    },
  })
}

/** None before the platform is initialized and after it was closed. */
function partsOf(platform: ServedPlatform): ReturnType<ServedPlatform['getStatus']>['parts'] {
  try {
    return platform.getStatus().parts
  } catch {
    return []
  }
}
