import { Gauge, type Registry } from 'prom-client'
import type { ServedPlatform } from '../served.ts'

/** The connections to the store, by pool. */
export function poolMetrics(register: Registry, platform: ServedPlatform): void {
  new Gauge({
    name: 'qicore_database_connections',
    help: 'Connections of a pool to the store, idle or busy, and callers waiting for one',
    labelNames: ['pool', 'state'] as const,
    registers: [register],
    collect() {
      this.reset()
      for (const { name, total, idle, waiting } of sizesOf(platform)) {
        this.set({ pool: name, state: 'idle' }, idle)
        this.set({ pool: name, state: 'busy' }, total - idle)
        this.set({ pool: name, state: 'waiting' }, waiting)
      }
    },
  })
}

/** Empty before the platform is initialized and after it was closed. */
function sizesOf(platform: ServedPlatform): ReturnType<ServedPlatform['store']['pools']['sizes']> {
  try {
    return platform.store.pools.sizes()
  } catch {
    return []
  }
}
