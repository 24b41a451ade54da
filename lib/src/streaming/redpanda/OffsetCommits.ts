import { type Position, QiError, toQiError } from '../../base/index.ts'
import { RETRY_DELAY_MS } from './connection.ts'
import { hasApiError } from './errors.ts'
import type { GroupMember } from './GroupMember.ts'
import { laneKey } from './ReadLane.ts'

/** The membership in which positions were to be committed is over; there may be a new one. */
const REJOINED = ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'] as const

/**
 * Commits in turn: one request is in flight, what is asked for meanwhile goes with the next, and of each partition the latest
 * position. Positions of partitions that the member no longer holds are left out.
 */
export class OffsetCommits {
  readonly #member: GroupMember
  readonly #deliveryTimeoutMs: number
  readonly #committed: (positions: readonly Position[]) => void
  #pending = new Map<string, Position>()
  #next: Promise<void> | undefined
  #current: Promise<void> = Promise.resolve()

  /** @param committed hears of what the group has acknowledged */
  constructor(member: GroupMember, deliveryTimeoutMs: number, committed: (positions: readonly Position[]) => void) {
    this.#member = member
    this.#deliveryTimeoutMs = deliveryTimeoutMs
    this.#committed = committed
  }

  /** @throws QiError UNAVAILABLE when it did not reach the stream in time */
  commit(positions: readonly Position[]): Promise<void> {
    for (const position of positions) this.#pending.set(laneKey(position), position)
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
    const positions = [...this.#pending.values()]
    this.#pending = new Map()
    this.#current = this.#next as Promise<void>
    this.#next = undefined
    await this.#deliver(positions)
  }

  async #deliver(positions: readonly Position[]): Promise<void> {
    const deadline = Date.now() + this.#deliveryTimeoutMs
    let failure: QiError | undefined
    while (Date.now() < deadline) {
      const membership = this.#member.membership
      if (membership) {
        const held = new Set(membership.partitions.map(laneKey))
        const own = positions.filter((position) => held.has(laneKey(position)))
        if (own.length === 0) return
        try {
          await this.#member.commit(membership, own)
          return this.#committed(own)
        } catch (error) {
          failure = toQiError(error)
          if (!failure.retryable && !hasApiError(failure, ...REJOINED)) throw failure
        }
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS / 4))
    }
    throw new QiError(
      'UNAVAILABLE',
      failure?.message ?? `cannot commit offsets of group ${this.#member.group}: it is being rebalanced`,
      { cause: failure },
    )
  }
}
