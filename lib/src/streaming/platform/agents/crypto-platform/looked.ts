import { type AgentParts, type Incident, IncidentLog, type Outage } from '../../../../base/index.ts'
import { backlogOf } from '../../backlog.ts'
import type { Backlog, LagWatch } from './LagWatch.ts'

/** What the agent has seen: plain data. */
export interface Looked {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Whether it may act. */
  readonly act: boolean
  readonly status: 'up' | 'degraded' | 'down'
  readonly running: boolean
  /** Every part that there is, and whether it is well. */
  readonly parts: Readonly<Record<string, boolean>>
  /** Those that can be started again. */
  readonly restartable: readonly string[]
  readonly outages: readonly Outage[]
  readonly backlogs: readonly Backlog[]
  /** Of the store, newest first. */
  readonly known: readonly Incident[]
}

const KNOWN = 500

export async function look(
  { platform, stream, store }: Pick<AgentParts, 'platform' | 'stream' | 'store'>,
  { lags, maxMembers, act }: { readonly lags: LagWatch; readonly maxMembers: number; readonly act: boolean },
): Promise<Looked> {
  const { status, parts } = await platform.health()
  const { state, consumers, parts: supervised } = platform.getStatus()
  const known = await (await IncidentLog.open(store.pool)).list({ limit: KNOWN })
  const backlogs = await Promise.all(
    consumers.map(async (consumer) => {
      const { lag, partitions } = await backlogOf(stream, consumer)
      const { name, members } = consumer
      return lags.see({ consumer: name, members, most: Math.min(partitions, maxMembers), lag }, Date.now())
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
