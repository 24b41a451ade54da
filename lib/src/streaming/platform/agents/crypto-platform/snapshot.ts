import { type AgentParts, type Incident, IncidentLog } from '../../../../base/agent/index.ts'
import type { Outage } from '../../../../base/types/index.ts'
import { backlogOf } from '../../deliveries/backlog.ts'
import type { Backlog, LagWatch } from './LagWatch.ts'

/** The state of the platform that the agent decides by: plain data. */
export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly now: number
  /** True if the agent may act. */
  readonly act: boolean
  readonly status: 'up' | 'degraded' | 'down'
  readonly running: boolean
  /** By part: true if it is up. */
  readonly parts: Readonly<Record<string, boolean>>
  /** Parts that can be restarted. */
  readonly restartable: readonly string[]
  readonly outages: readonly Outage[]
  readonly backlogs: readonly Backlog[]
  /** Incidents in the store, newest first. */
  readonly known: readonly Incident[]
}

/** Most incidents read from the store. */
const MOST_KNOWN = 500

export async function snapshotOf(
  { platform, stream, store }: Pick<AgentParts, 'platform' | 'stream' | 'store'>,
  { lags, maxMembers, act }: { readonly lags: LagWatch; readonly maxMembers: number; readonly act: boolean },
): Promise<Snapshot> {
  const { status, parts } = await platform.health()
  const { state, consumers, parts: supervised } = platform.getStatus()
  const known = await (await IncidentLog.open(store.pool)).list({ limit: MOST_KNOWN })
  const backlogs = await Promise.all(
    consumers.map(async (consumer) => {
      const { lag, partitions } = await backlogOf(stream, consumer)
      const { name, members } = consumer
      return lags.note({ consumer: name, members, most: Math.min(partitions, maxMembers), lag }, Date.now())
    }),
  )
  return {
    now: Date.now(),
    act,
    status,
    running: state === 'running',
    parts: Object.fromEntries(parts.map((part) => [part.name, part.status === 'up'])),
    restartable: supervised.map(({ name }) => name),
    outages: platform.outages(),
    backlogs,
    known,
  }
}
