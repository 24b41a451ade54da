import { Gauge, type Registry } from 'prom-client'
import type { ServedPlatform } from '../served.ts'
import { within } from './within.ts'

/** Background jobs of TimescaleDB on the tables of the store, read at each scrape. */
export function jobMetrics(register: Registry, platform: ServedPlatform): void {
  new Gauge({
    name: 'qicore_store_job_last_success_timestamp_seconds',
    help: 'When a job of TimescaleDB on a table of the store last succeeded, in seconds since 1970; 0 if never',
    labelNames: ['job'] as const,
    registers: [register],
    async collect() {
      this.reset()
      for (const { name, lastSuccess = 0 } of await storeJobs(platform)) this.set({ job: name }, lastSuccess / 1000)
    },
  })
}

/** Empty if the store does not answer in time, or has no jobs. */
const storeJobs = (platform: ServedPlatform): ReturnType<ServedPlatform['store']['timescale']['jobs']> =>
  within(() => platform.store.timescale.jobs(), [])
