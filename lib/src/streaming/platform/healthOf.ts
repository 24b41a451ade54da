import {
  type CheckResult,
  checkWithin,
  type PartHealth,
  type PlatformHealth,
  type PlatformStatus,
  type Store,
  type Stream,
} from '../../base/index.ts'
import type { DestinationChecks } from './DestinationChecks.ts'
import { describeEngine, describePart, describeStandIn } from './describe.ts'
import { type HealthLog, overall } from './health.ts'
import { type Sources, STAND_IN_FOR } from './Sources.ts'

/** An engine that takes longer to answer a check is unwell, whatever it says in the end. */
const CHECK_MS = 10_000

/** The parts of a platform that know how they are. */
export interface HealthSources {
  readonly store: Store
  readonly stream: Stream
  readonly status: PlatformStatus
  readonly sources: Sources
  readonly destinations: DestinationChecks
  /** MCP servers and agents. */
  readonly others: () => Promise<readonly PartHealth[]>
  readonly pipelines: readonly Omit<PartHealth, 'since'>[]
  readonly log: HealthLog
  /** True if people are told in other words that the simulated market stands in. */
  readonly noticed: boolean
}

/** Exercises store and stream, asks every part, and notes in the log since when each is as it is. */
export async function healthOf({ log, status, sources, ...from }: HealthSources): Promise<PlatformHealth> {
  const { reads } = from.store
  const [store, stream, sql, replica] = await Promise.all([
    checkWithin(CHECK_MS, 'the store', () => from.store.check()),
    checkWithin(CHECK_MS, 'the stream', () => from.stream.check()),
    reads.sql.check(),
    reads === from.store ? undefined : checkWithin(CHECK_MS, 'the read replica', () => reads.check()),
  ])
  const engine = (name: string, found: CheckResult): PartHealth => log.note(describeEngine(name, found))
  const { standIn } = sources
  const supervised = status.parts.map((part) => {
    const standsIn = standIn !== undefined && part.name === STAND_IN_FOR
    const { since, ...how } = standsIn ? describeStandIn(standIn) : describePart(part, status)
    // The supervisor has logged a final failure, and a source what is wrong with its settings.
    const logged = part.state === 'failed' || how.code === 'CONFIG_INVALID'
    return log.note(how, since, logged || (standsIn && from.noticed))
  })
  const others = [...(await sources.penalties()), ...(await from.others())]
  for (const [name, how] of await from.destinations.look()) {
    const at = supervised.findIndex((part) => part.name === name && part.status === 'up')
    if (at >= 0) supervised[at] = log.note(how)
  }
  const noted = others.map(({ since, ...how }) => log.note(how, since))
  const pipelines = from.pipelines.map((how) => log.note(how))
  const reader = sql ? [engine('SQL of tools', sql)] : []
  const elsewhere = replica ? [engine('read replica', replica)] : []
  const all = [engine('store', store), ...elsewhere, engine('stream', stream), ...reader, ...supervised, ...pipelines, ...noted]
  return { status: overall(all, ['store', 'stream']), parts: all }
}
