import { Gauge, type Registry } from 'prom-client'
import type { ServedPlatform } from '../served.ts'
import { together, within } from './within.ts'

/** How far each consumer group is behind, and what is rolled up, asked at each scrape. */
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
    help: 'How old the state is that users read at database.read_url; absent where none is set, while it does not answer, and where it does not tell',
    registers: [register],
    async collect() {
      this.remove()
      const lagMs = await replicaLag(platform)
      if (lagMs !== undefined) this.set(lagMs / 1000)
    },
  })
  const rollups = together(() => rollupStatus(platform))
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
    'Stretches of series that were written and are not rolled up yet; absent where nothing is rolled up',
    ({ pending }) => pending,
  )
  gauge(
    'qicore_rollup_lag_seconds',
    'For how long the oldest stretch has waited that is not rolled up; absent where nothing is rolled up',
    ({ lagMs }) => lagMs / 1000,
  )
}

const replicaLag = (platform: ServedPlatform): Promise<number | undefined> =>
  within(async () => {
    const { store } = platform
    return store.reads === store ? undefined : (await store.reads.replica()).lagMs
  }, undefined)

type RollupStatus = Awaited<ReturnType<ServedPlatform['store']['rollups']['status']>>

/** Per group and topic; empty where the stream does not answer in time. */
export const groupLags = (platform: ServedPlatform): Promise<{ group: string; topic: string; lag: number }[]> =>
  within(async () => {
    const { stream } = platform
    const groups = [...new Set(platform.getStatus().consumers.map(({ group }) => group))]
    const lags = await Promise.all(
      groups.map(async (group) => (await stream.lag(group)).map(({ topic, lag }) => ({ group, topic, lag: Number(lag) }))),
    )
    return lags.flat()
  }, [])

/** Nothing where the store does not answer in time. */
export const rollupStatus = (platform: ServedPlatform): Promise<RollupStatus | undefined> =>
  within(() => platform.store.rollups.status(), undefined)
