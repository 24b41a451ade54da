import { type Position, QiError, type TopicPartition, toQiError } from '../../../base/types/index.ts'
import { RETRY_DELAY_MS } from '../connection.ts'
import { hasApiError } from '../errors.ts'
import { type Cursor, partitionKey } from '../read/Cursor.ts'
import type { GroupMember, Membership } from './GroupMember.ts'

/** Protocol errors of a commit in a membership that is over; a new one may follow. */
export const STALE_MEMBERSHIP = [
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
] as const

export interface OffsetCommitsOptions {
  readonly member: GroupMember
  readonly deliveryTimeoutMs: number
  /** The current membership; undefined until reading has started in it. */
  readonly membership: () => Membership | undefined
  /** The cursor of a partition; a new object once another member has read the partition meanwhile. */
  readonly cursor: (partition: TopicPartition) => Cursor | undefined
}

interface Asked {
  readonly position: Position
  readonly cursor: Cursor
}

/**
 * Commits with one request in flight. Positions asked for meanwhile go with the next request, the latest of each partition.
 * Positions of a partition that another member owns, or has owned since, are left out, because it may have committed more.
 */
export class OffsetCommits {
  readonly #options: OffsetCommitsOptions
  #pending = new Map<string, Asked>()
  #next: Promise<void> | undefined
  #current: Promise<void> = Promise.resolve()

  constructor(options: OffsetCommitsOptions) {
    this.#options = options
  }

  /** @throws QiError UNAVAILABLE if it did not succeed within the delivery timeout */
  commit(positions: readonly Position[]): Promise<void> {
    for (const position of positions) {
      const cursor = this.#options.cursor(position)
      if (cursor) this.#pending.set(partitionKey(position), { position, cursor })
    }
    if (this.#pending.size === 0) return Promise.resolve()
    this.#next ??= this.#flush()
    return this.#next
  }

  /** Resolves once every requested commit has succeeded or failed. */
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
    const { member, membership: current, cursor: cursorOf, deliveryTimeoutMs } = this.#options
    const deadline = Date.now() + deliveryTimeoutMs
    let failure: QiError | undefined
    while (Date.now() < deadline) {
      const membership = current()
      if (membership) {
        const held = new Set(membership.partitions.map(partitionKey))
        const own = asked.filter(({ position, cursor }) => held.has(partitionKey(position)) && cursorOf(position) === cursor)
        if (own.length === 0) return
        try {
          await member.commit(
            membership,
            own.map(({ position }) => position),
          )
          for (const { position, cursor } of own) cursor.committed = position.offset
          return
        } catch (error) {
          failure = toQiError(error)
          if (!failure.retryable && !hasApiError(failure, ...STALE_MEMBERSHIP)) throw failure
        }
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS / 4))
    }
    throw new QiError('UNAVAILABLE', failure?.message ?? `cannot commit offsets of group ${member.group}: it is rebalancing`, {
      cause: failure,
    })
  }
}
