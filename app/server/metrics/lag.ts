import { setTimeout } from 'node:timers/promises'
import { Gauge, type Registry } from 'prom-client'
import type { ServedPlatform } from '../served.ts'

/** A scrape must not hang on a broker that is down. */
const PATIENCE_MS = 2_000

/** How far each consumer group is behind, asked of the stream at each scrape. */
export function lagMetrics(register: Registry, platform: ServedPlatform): void {
  new Gauge({
    name: 'qicore_consumer_lag_records',
    help: 'Records appended and not yet committed by a group; absent while the stream does not answer',
    labelNames: ['group', 'topic'] as const,
    registers: [register],
    async collect() {
      this.reset()
      const found = await groupLags(platform).catch(() => [])
      for (const { group, topic, lag } of found) this.inc({ group, topic }, lag)
    },
  })
}

/** Per group and topic; empty where the stream does not answer in time. */
export async function groupLags(platform: ServedPlatform): Promise<{ group: string; topic: string; lag: number }[]> {
  const { stream } = platform
  const groups = [...new Set(platform.getStatus().consumers.map(({ group }) => group))]
  const stop = new AbortController()
  const late = setTimeout(PATIENCE_MS, [], { signal: stop.signal }).catch(() => [])
  const asked = Promise.all(
    groups.map(async (group) => (await stream.lag(group)).map(({ topic, lag }) => ({ group, topic, lag: Number(lag) }))),
  ).then((lags) => lags.flat())
  try {
    return await Promise.race([asked, late])
  } finally {
    stop.abort()
  }
}
