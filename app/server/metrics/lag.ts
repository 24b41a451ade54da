import { Gauge, type Registry } from 'prom-client'
import type { ServedPlatform } from '../served.ts'
import { shared, within } from './within.ts'

/** Lag of consumer groups, of the read replica and of rollups, read at each scrape. */
export function lagMetrics(register: Registry, platform: ServedPlatform): void {
  new Gauge({
    name: 'qicore_consumer_lag_records',
    help: 'Records appended and not yet committed by a group; absent while the stream does not answer',
    labelNames: ['group', 'topic'] as const,
    registers: [register],
    async collect() {
      this.reset()
      for (const { group, topic, lag } of await groupLags(platform)) this.inc({ group, topic }, lag)
    },
  })
  new Gauge({
    name: 'qicore_read_replica_lag_seconds',
    help: 'Replication lag of database.read_url; absent if it is not set, does not answer or reports no lag',
    registers: [register],
    async collect() {
      this.remove()
      const lagMs = await replicaLag(platform)
      if (lagMs !== undefined) this.set(lagMs / 1000)
    },
  })
  const rollups = shared(() => rollupStatus(platform))
  const gauge = (name: string, help: string, of: (status: RollupStatus) => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      async collect() {
        this.remove()
        const found = await rollups()
        if (found?.keeper) this.set(of(found))
      },
    })
  gauge(
    'qicore_rollup_pending_stretches',
    'Written spans of series that are not rolled up yet; absent if rollups are off',
    ({ pending }) => pending,
  )
  gauge(
    'qicore_rollup_lag_seconds',
    'Waiting time of the oldest span that is not rolled up; absent if rollups are off',
    ({ lagMs }) => lagMs / 1000,
  )
}

const replicaLag = (platform: ServedPlatform): Promise<number | undefined> =>
  within(async () => {
    const { store } = platform
    return store.reads === store ? undefined : (await store.reads.replica()).lagMs
  }, undefined)

type RollupStatus = Awaited<ReturnType<ServedPlatform['store']['rollups']['status']>>

/** Lag by group and topic; empty if the stream does not answer in time. */
export const groupLags = (platform: ServedPlatform): Promise<{ group: string; topic: string; lag: number }[]> =>
  within(async () => {
    const { stream } = platform
    const groups = [...new Set(platform.getStatus().consumers.map(({ group }) => group))]
    const lags = await Promise.all(
      groups.map(async (group) => (await stream.lag(group)).map(({ topic, lag }) => ({ group, topic, lag: Number(lag) }))),
    )
    return lags.flat()
  }, [])

/** Undefined if the store does not answer in time. */
export const rollupStatus = (platform: ServedPlatform): Promise<RollupStatus | undefined> =>
  within(() => platform.store.rollups.status(), undefined)
