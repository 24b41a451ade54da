import { setTimeout } from 'node:timers/promises'
import {
  errorMessage,
  type Logger,
  lockKeys,
  type PartHealth,
  type Pool,
  QiError,
  type Stream,
  toQiError,
  withClient,
} from '../../../base/index.ts'
import { type AbandonedGroup, EmbeddedStream } from '../../embedded/index.ts'
import {
  beyondBound,
  claimGroups,
  type DeadLetters,
  type DeliveryGroup,
  type DeliverySettings,
  groupOf,
  type KnownGroup,
  knownGroups,
  type Skip,
  skipExcess,
} from '../../pipelines/index.ts'
import type { Deliveries } from '../Deliveries.ts'
import { describeSkip } from '../describe.ts'
import { DEFAULT_BOUNDS } from '../destinationSettings.ts'
import type { Pipelines } from '../pipelines/index.ts'
import { planned } from '../pipelines/plan.ts'

export interface GroupKeeperOptions {
  readonly pool: Pool
  readonly stream: Stream
  readonly deadLetters: DeadLetters
  readonly deliveries: Deliveries
  readonly pipelines: Pipelines
  /** Longest that the log keeps what a group has not read, in milliseconds; Infinity: for ever. */
  readonly unreadMs: number
  readonly logger: Logger
}

type Bounds = Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'>

const LOOK_MS = 10_000
/** A delivery without a bound that no configuration has had for so long is taken for gone, in milliseconds. */
const GONE_MS = DEFAULT_BOUNDS.maxLagMs
/** After everything stood still, other processes have so long to start and claim their deliveries, in milliseconds. */
const START_MS = 60 * 60_000

/**
 * Bounds the lag of consumer groups that no member reads for, on the embedded log, which keeps what a group has not read: those of
 * stopped pipelines and of destinations that are gone from the configuration. What a member reads for is bounded by its delivery.
 */
export class GroupKeeper {
  readonly #options: GroupKeeperOptions
  readonly #skips = new Map<string, Skip>()
  readonly #startedAt = performance.now()

  constructor(options: GroupKeeperOptions) {
    this.#options = options
  }

  /** Looks now and then until stopped. @throws QiError UNAVAILABLE: it is worth a new start, whatever fails */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.look().catch((error: unknown) => {
        throw new QiError('UNAVAILABLE', `groups that nobody reads for could not be looked at: ${errorMessage(error)}`, {
          cause: error,
        })
      })
      await setTimeout(waitMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Each group of which something was skipped: degraded for an hour, then up. */
  health(): readonly Omit<PartHealth, 'since'>[] {
    return [...this.#skips].map(
      ([name, skip]) => describeSkip(name, skip) ?? { name, status: 'up', summary: 'nothing was skipped for an hour' },
    )
  }

  /** @returns when to look again, in milliseconds */
  async look(): Promise<number> {
    const { pool, stream } = this.#options
    const { groups, waitMs } = await this.#claims()
    await claimGroups(pool, groups)
    const known = await knownGroups(pool)
    if (stream instanceof EmbeddedStream) await this.#oneAtATime(() => this.#skipExcess(stream, known))
    return waitMs
  }

  /** The deliveries of this configuration: those that run here, and those of stopped pipelines. */
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
    return { groups: [...byName.values()], waitMs: Math.min(LOOK_MS, ...settings.map(({ lagEveryMs }) => lagEveryMs)) }
  }

  async #skipExcess(stream: EmbeddedStream, known: readonly KnownGroup[]): Promise<void> {
    const { unreadMs, logger } = this.#options
    for (const group of await stream.abandonedGroups()) {
      const own = known.find(({ name }) => name === group.name)
      if (own?.deleted) continue
      try {
        await this.#skip(stream, group, own, boundsOf(own, { unreadMs, runsMs: performance.now() - this.#startedAt }))
      } catch (error) {
        // A member has joined meanwhile: its delivery keeps the bound from now on.
        if (toQiError(error).code !== 'CONFLICT') throw error
        logger.debug({ group: group.name }, 'a consumer joined the group, which keeps its bound by itself')
      }
    }
  }

  async #skip(stream: EmbeddedStream, group: AbandonedGroup, own: KnownGroup | undefined, bounds: Bounds): Promise<void> {
    const { deadLetters, logger } = this.#options
    const ranges = await beyondBound(stream, group.name, group.partitions, bounds)
    if (ranges.length === 0) return
    // Letters are written before the group is moved, so one that is joined at this moment is left to its members.
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

  /** Of all processes of a store one at a time writes letters, so that none is written twice. */
  #oneAtATime(work: () => Promise<void>): Promise<void> {
    return withClient(this.#options.pool, async (client) => {
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
 * The bound of a group that nobody reads for: that of its delivery as last configured. An unknown group has the default, and so has,
 * after a while, a delivery without a bound (the store's) that no configuration has any more.
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
