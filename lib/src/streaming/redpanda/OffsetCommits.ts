import { type Position, QiError, type TopicPartition, toQiError } from '../../base/index.ts'
import { RETRY_DELAY_MS } from './connection.ts'
import { hasApiError } from './errors.ts'
import type { GroupMember, Membership } from './GroupMember.ts'
import { laneKey, type ReadLane } from './ReadLane.ts'

/** The membership in which positions were to be committed is over; there may be a new one. */
export const REJOINED = ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'] as const

export interface OffsetCommitsOptions {
  readonly member: GroupMember
  readonly deliveryTimeoutMs: number
  /** The membership that is read in; undefined while it is being settled where to read on. */
  readonly membership: () => Membership | undefined
  /** The place in a partition; another one once it was read by another member meanwhile. */
  readonly lane: (partition: TopicPartition) => ReadLane | undefined
}

interface Asked {
  readonly position: Position
  readonly lane: ReadLane
}

/**
 * Commits in turn: one request is in flight, what is asked for meanwhile goes with the next, and of each partition the latest
 * position. Positions of a partition that another member holds, or has held since, are left out: it may have committed more.
 */
export class OffsetCommits {
  readonly #options: OffsetCommitsOptions
  #pending = new Map<string, Asked>()
  #next: Promise<void> | undefined
  #current: Promise<void> = Promise.resolve()

  constructor(options: OffsetCommitsOptions) {
    this.#options = options
  }

  /** @throws QiError UNAVAILABLE when it did not reach the stream in time */
  commit(positions: readonly Position[]): Promise<void> {
    for (const position of positions) {
      const lane = this.#options.lane(position)
      if (lane) this.#pending.set(laneKey(position), { position, lane })
    }
    if (this.#pending.size === 0) return Promise.resolve()
    this.#next ??= this.#flush()
    return this.#next
  }

  /** Resolves when what was asked for has been committed or has failed. */
  settled(): Promise<void> {
    return (this.#next ?? this.#current).catch(() => {})
  }

  async #flush(): Promise<void> {
    await this.#current.catch(() => {})
    const asked = [...this.#pending.values()]
    this.#pending = new Map()
    this.#current = this.#next as Promise<void>
    this.#next = undefined
    await this.#deliver(asked)
  }

  async #deliver(asked: readonly Asked[]): Promise<void> {
    const { member, membership: current, lane: laneOf, deliveryTimeoutMs } = this.#options
    const deadline = Date.now() + deliveryTimeoutMs
    let failure: QiError | undefined
    while (Date.now() < deadline) {
      const membership = current()
      if (membership) {
        const held = new Set(membership.partitions.map(laneKey))
        const own = asked.filter(({ position, lane }) => held.has(laneKey(position)) && laneOf(position) === lane)
        if (own.length === 0) return
        try {
          await member.commit(
            membership,
            own.map(({ position }) => position),
          )
          for (const { position, lane } of own) lane.committed = position.offset
          return
        } catch (error) {
          failure = toQiError(error)
          if (!failure.retryable && !hasApiError(failure, ...REJOINED)) throw failure
        }
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS / 4))
    }
    throw new QiError(
      'UNAVAILABLE',
      failure?.message ?? `cannot commit offsets of group ${member.group}: it is being rebalanced`,
      {
        cause: failure,
      },
    )
  }
}
