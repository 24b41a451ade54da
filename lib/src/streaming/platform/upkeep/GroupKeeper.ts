import { setTimeout } from 'node:timers/promises'
import { lockKeys, withClient } from '../../../base/database/index.ts'
import { errorMessage, type Logger, type PartHealth, QiError, toQiError } from '../../../base/types/index.ts'
import { type AbandonedGroup, EmbeddedStream } from '../../embedded/index.ts'
import {
  beyondBound,
  claimGroups,
  type DeliveryGroup,
  type DeliverySettings,
  groupOf,
  type KnownGroup,
  knownGroups,
  type Skip,
  skipExcess,
} from '../../pipelines/index.ts'
import type { Deliveries } from '../deliveries/Deliveries.ts'
import { DEFAULT_BOUNDS } from '../deliveries/destinationSettings.ts'
import type { Engines } from '../Engines.ts'
import { describeSkip } from '../health/describe.ts'
import type { Pipelines } from '../pipelines/index.ts'
import { planned } from '../pipelines/plan.ts'

export interface GroupKeeperOptions {
  readonly engines: Pick<Engines, 'store' | 'stream' | 'deadLetters'>
  readonly deliveries: Deliveries
  readonly pipelines: Pipelines
  /** Longest that the log keeps messages that a group has not read, in milliseconds; Infinity: for ever. */
  readonly unreadMs: number
  readonly logger: Logger
}

type Bounds = Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'>

const EVERY_MS = 10_000
/** A delivery without a bound counts as gone once no configuration has had it for this long. */
const GONE_MS = DEFAULT_BOUNDS.maxLagMs
/** Time that other processes get, after this one has started, to start too and claim their deliveries. */
const START_MS = 60 * 60_000

/**
 * Bounds the lag of consumer groups without members: those of stopped pipelines and of destinations gone from the configuration. The
 * embedded log keeps what such a group has not read. The lag of a group with members is bounded by its delivery.
 */
export class GroupKeeper {
  readonly #options: GroupKeeperOptions
  readonly #skips = new Map<string, Skip>()
  #startedAt: number | undefined

  constructor(options: GroupKeeperOptions) {
    this.#options = options
  }

  /** Checks all groups now and then until stopped. @throws QiError UNAVAILABLE for any failure, so that the supervisor restarts it */
  async run(signal: AbortSignal): Promise<void> {
    this.#startedAt ??= performance.now()
    while (!signal.aborted) {
      const waitMs = await this.check().catch((error: unknown) => {
        throw new QiError('UNAVAILABLE', `groups without members could not be checked: ${errorMessage(error)}`, {
          cause: error,
        })
      })
      await setTimeout(waitMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Health of each group that has skipped records: degraded for an hour, then up. */
  health(): readonly Omit<PartHealth, 'since'>[] {
    return [...this.#skips].map(
      ([name, skip]) => describeSkip(name, skip) ?? { name, status: 'up', summary: 'nothing was skipped for an hour' },
    )
  }

  /** Checks all groups once. @returns milliseconds until the next check */
  async check(): Promise<number> {
    const { store, stream } = this.#options.engines
    const { pool } = store
    const { groups, waitMs } = await this.#claims()
    await claimGroups(pool, groups)
    const known = await knownGroups(pool)
    if (stream instanceof EmbeddedStream) await this.#oneAtATime(() => this.#skipExcess(stream, known))
    return waitMs
  }

  /** The groups of this configuration: those of deliveries that run here, and of stopped pipelines. */
  async #claims(): Promise<{ readonly groups: readonly DeliveryGroup[]; readonly waitMs: number }> {
    const { deliveries, pipelines } = this.#options
    const snapshot = await (await pipelines.store()).snapshot()
    const { stopped } = planned(snapshot, new Set(deliveries.destinations.keys()))
    const settings = [
      ...deliveries.running().map((one) => ({ one, ...deliveries.settingsOf(one) })),
      ...stopped.map((one) => ({ one, ...deliveries.settingsOf(one, true) })),
    ]
    const groups = settings.map(({ one: { pipeline, destination }, maxLagMs, maxLagBytes }) => {
      const key = { pipeline, destination }
      return { ...key, name: groupOf(key), maxLagMs, maxLagBytes }
    })
    const byName = new Map(groups.map((group) => [group.name, group]))
    return { groups: [...byName.values()], waitMs: Math.min(EVERY_MS, ...settings.map(({ lagEveryMs }) => lagEveryMs)) }
  }

  async #skipExcess(stream: EmbeddedStream, known: readonly KnownGroup[]): Promise<void> {
    const { unreadMs, logger } = this.#options
    for (const group of await stream.abandonedGroups()) {
      const own = known.find(({ name }) => name === group.name)
      if (own?.deleted) continue
      try {
        await this.#skip(
          stream,
          group,
          own,
          boundsOf(own, { unreadMs, runsMs: performance.now() - (this.#startedAt ?? performance.now()) }),
        )
      } catch (error) {
        // A member has joined meanwhile: its delivery bounds the lag from now on.
        if (toQiError(error).code !== 'CONFLICT') throw error
        logger.debug({ group: group.name }, 'a consumer has joined the group and bounds its lag')
      }
    }
  }

  async #skip(stream: EmbeddedStream, group: AbandonedGroup, own: KnownGroup | undefined, bounds: Bounds): Promise<void> {
    const { logger, engines } = this.#options
    const { deadLetters } = engines
    const ranges = await beyondBound(stream, group.name, group.partitions, bounds)
    if (ranges.length === 0) return
    // Dead letters are written before the group is moved: a group that has a member now is left to it.
    const [described] = await stream.describeGroups([group.name])
    if (described?.state !== 'empty') return
    const delivery = own && { pipeline: own.pipeline, destination: own.destination }
    const skip = await skipExcess(
      { group: group.name, delivery, ranges, bounds },
      { keep: (letters) => deadLetters.put(letters), move: (positions) => stream.resetOffsets(group.name, positions) },
    )
    this.#skips.set(`group ${group.name}`, skip)
    logger.error({ group: group.name, records: skip.records, ranges: ranges.length }, skip.error.message)
  }

  /** Runs `work` in one process of the store at a time, so that no dead letter is written twice. */
  #oneAtATime(work: () => Promise<void>): Promise<void> {
    return withClient(this.#options.engines.store.pool, async (client) => {
      const keys = [...(await lockKeys(client)).single.groups]
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', keys)
      if (!rows[0]?.got) return
      try {
        await work()
      } finally {
        await client.query('select pg_advisory_unlock($1, $2)', keys).catch(() => {})
      }
    })
  }
}

/**
 * The bound of a group without members: that of its delivery as last configured. The default bound for an unknown group, and for a
 * delivery without a bound (the store's) once no configuration has had it for a week.
 */
export function boundsOf(
  group: Pick<KnownGroup, 'maxLagMs' | 'maxLagBytes' | 'unclaimedMs'> | undefined,
  { unreadMs, runsMs }: { readonly unreadMs: number; readonly runsMs: number },
): Bounds {
  const bounded = group && (Number.isFinite(group.maxLagMs) || Number.isFinite(group.maxLagBytes))
  const gone = !group || (!bounded && group.unclaimedMs >= GONE_MS && runsMs >= START_MS)
  const { maxLagMs, maxLagBytes } = gone ? DEFAULT_BOUNDS : group
  return { maxLagMs: Math.min(maxLagMs, unreadMs), maxLagBytes }
}
