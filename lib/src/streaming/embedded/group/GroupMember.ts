import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, QiError, toQiError } from '../../../base/types/index.ts'
import type { PartitionRef } from '../admin/topic.ts'
import type { Connections } from '../Connections.ts'
import { Cursor } from '../read/Cursor.ts'
import type { ReadAhead } from '../read/ReadAhead.ts'
import { Signal } from '../Signal.ts'
import { assign } from './assignment.ts'
import * as sql from './groupSql.ts'
import { MemberSession } from './MemberSession.ts'
import { OwnedPartition } from './OwnedPartition.ts'

/** A member rebalances at least this often, which bounds how long a member that died goes unnoticed. */
const REBALANCE_MS = 500
/** How long a commit waits for a lost session to be replaced. */
const REJOIN_MS = 10_000

export interface GroupMemberOptions {
  readonly connections: Connections
  readonly logger: Logger
  readonly reader: ReadAhead
  readonly group: string
  readonly topics: readonly string[]
  readonly from: 'earliest' | 'latest'
  readonly revokeGraceMs: number
}

/** `joining` becomes `member`; `member` and `lost` become each other; `failed` and `closed` are final. */
type State =
  | { readonly name: 'joining' | 'lost' | 'failed' | 'closed' }
  | { readonly name: 'member'; readonly session: MemberSession }

/**
 * One member of a consumer group: keeps a database session, owns its share of the partitions, and releases them when the share
 * changes. No leader, no timeouts: liveness and ownership are PostgreSQL session advisory locks, and each member computes the same
 * assignment from the list of live members.
 *
 * | state | meaning | entered by | left by |
 * |---|---|---|---|
 * | joining | owns nothing, has no session | creation | first rebalance → member |
 * | member | holds its locks in a live session, reads and commits what it owns | rebalance in a new session | session ended → lost, final error → failed, close() |
 * | lost | the session ended, so others may take the partitions; positions are remembered, commits wait up to 10 s | from member | rebalance in a new session → member, final error → failed, close() |
 * | failed | the reader got the error; the member has left | from member or lost | close() |
 * | closed | left the group | close(), once the loop has ended | – |
 *
 * From `lost` a partition is taken over at its old position if no other member has owned it meanwhile.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #owned = new Map<number, OwnedPartition>()
  readonly #changed = new Signal()
  readonly #closing = new AbortController()
  #state: State = { name: 'joining' }
  /** Serial ids of the group and of the member; 0 until they are known. */
  #group = 0
  #member = 0
  /** True if the group changed since the last rebalance. */
  #stale = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: GroupMemberOptions) {
    this.#options = options
  }

  /** Serial id of the group. */
  get group(): number {
    return this.#group
  }

  /** The partitions owned now; none without a session. */
  get owned(): readonly OwnedPartition[] {
    return this.#state.name === 'member' ? [...this.#owned.values()] : []
  }

  /** Joins, takes the free partitions of its share, and stays a member until close(). */
  async open(): Promise<void> {
    const session = await this.#join()
    try {
      await this.#rebalance(session)
    } catch (error) {
      // A session left open would stay in the group as a live member that reads nothing.
      if (!this.#isCurrent(session)) await session.end()
      throw error
    }
    this.#running = this.#stay(session)
  }

  /** Something in the group or its topics changed: the member's loop rebalances next. */
  requestRebalance(): void {
    this.#stale = true
    this.#changed.fire()
  }

  /**
   * Commits offsets by partition key. A commit cut off by a lost session is repeated in the next one; commits are idempotent.
   * @throws QiError UNAVAILABLE, CLOSED
   */
  async commit(offsets: ReadonlyMap<string, bigint>): Promise<void> {
    const deadline = performance.now() + REJOIN_MS
    for (;;) {
      const session = await this.#liveSession(deadline)
      const commits = [...this.#owned.values()].flatMap((owned) => {
        const offset = offsets.get(owned.key)
        return offset === undefined ? [] : [{ owned, id: owned.id, offset, exact: owned.sought }]
      })
      if (commits.length === 0) return
      try {
        await sql.commitOffsets(session, this.#group, this.#member, commits)
      } catch (error) {
        const failure = toQiError(error)
        if (failure.retryable && !session.alive) continue
        throw new QiError('UNAVAILABLE', `commit of group "${this.#options.group}": ${failure.message}`, { cause: error })
      }
      for (const { owned, offset } of commits) owned.committed(offset)
      if (commits.some(({ owned }) => owned.revokedAt !== undefined && owned.settled)) this.requestRebalance()
      return
    }
  }

  async #liveSession(deadline: number): Promise<MemberSession> {
    for (;;) {
      if (this.#closing.signal.aborted) throw new QiError('CLOSED', 'the subscription is closed')
      if (this.#state.name === 'member' && this.#state.session.alive) return this.#state.session
      if (performance.now() > deadline) throw new QiError('UNAVAILABLE', `group "${this.#options.group}" has lost its connection`)
      await Promise.race([this.#changed.wait(), delay(100)])
    }
  }

  async #join(): Promise<MemberSession> {
    const session = await MemberSession.open(this.#options.connections, this.#closing.signal)
    try {
      this.#group = await sql.groupIdOf(session, this.#options.group)
      if (this.#member === 0) this.#member = await sql.joinNew(session, this.#group)
      else await sql.joinAgain(session, this.#group, this.#member)
      await sql.enterMember(session, this.#group, this.#member, this.#options.topics)
      return session
    } catch (error) {
      await session.end()
      throw error
    }
  }

  /** The member's loop: rebalances in a session until it is lost, and joins again in a new one. */
  async #stay(first: MemberSession): Promise<void> {
    let session: MemberSession | undefined = first
    for (let wait = 50; !this.#closing.signal.aborted; ) {
      try {
        session ??= await this.#join()
        await this.#rebalance(session)
        wait = 50
        while (session.alive && !this.#closing.signal.aborted) await this.#rebalanceAfterChange(session)
        if (session.alive) return
        this.#options.logger.warn({ group: this.#options.group }, 'the connection of a group member was lost; joining again')
      } catch (error) {
        const failure = toQiError(error)
        if (this.#closing.signal.aborted) return this.#isCurrent(session) ? undefined : session?.end()
        if (session?.alive !== false && !failure.retryable) {
          await session?.end()
          this.#suspend('failed')
          return this.#options.reader.fail(failure)
        }
        this.#options.logger.debug({ group: this.#options.group, err: failure }, 'a group member cannot join yet')
        await session?.end()
        await delay(wait, undefined, { signal: this.#closing.signal }).catch(() => {})
        wait = Math.min(wait * 2, 1000)
      }
      this.#suspend('lost')
      session = undefined
    }
  }

  #isCurrent(session: MemberSession | undefined): boolean {
    return this.#state.name === 'member' && this.#state.session === session
  }

  async #rebalanceAfterChange(session: MemberSession): Promise<void> {
    const tick = new AbortController()
    if (!this.#stale)
      await Promise.race([
        this.#changed.wait(),
        session.lost,
        delay(REBALANCE_MS, undefined, { signal: tick.signal }).catch(() => {}),
      ])
    tick.abort()
    if (session.alive && !this.#closing.signal.aborted) await this.#rebalance(session)
  }

  /** Stops reading what it owned; positions are kept. */
  #suspend(name: 'lost' | 'failed'): void {
    this.#state = { name }
    this.#options.reader.remove([...this.#owned.values()].map((owned) => owned.cursor))
  }

  /** Reads who is alive, computes its own share, releases what is no longer part of it and takes what is free of it. */
  async #rebalance(session: MemberSession): Promise<void> {
    this.#stale = false
    const { members, partitions } = await sql.groupState(session, this.#group)
    if (!members.some((member) => member.id === this.#member)) {
      await sql.enterMember(session, this.#group, this.#member, this.#options.topics)
      this.#stale = true
    }
    const share = assign(members, partitions, this.#member)
    if (!this.#isCurrent(session)) await this.#takeOver(session, share)
    await this.#release(session, new Set(share.map((partition) => partition.id)), partitions)
    this.#read(
      await this.#acquire(
        session,
        share.filter((partition) => !this.#owned.has(partition.id)),
      ),
    )
    this.#changed.fire()
  }

  /** Becomes a member in a new session. Partitions that no other member has owned meanwhile continue at their old position. */
  async #takeOver(session: MemberSession, share: readonly PartitionRef[]): Promise<void> {
    const before = new Map(this.#owned)
    this.#owned.clear()
    let taken: readonly OwnedPartition[]
    try {
      taken = await this.#acquire(session, share, before)
    } catch (error) {
      for (const owned of before.values()) this.#owned.set(owned.id, owned)
      throw error
    }
    for (const owned of before.values()) if (this.#owned.get(owned.id) !== owned) owned.cursor.lost = true
    this.#state = { name: 'member', session }
    this.#read(taken)
  }

  /** Revokes what is not in the share, and releases it once it is settled, its grace period is over or its topic is gone. */
  async #release(session: MemberSession, share: ReadonlySet<number>, existing: readonly PartitionRef[]): Promise<void> {
    const { reader, revokeGraceMs } = this.#options
    const exists = new Set(existing.map((partition) => partition.id))
    const free: OwnedPartition[] = []
    for (const owned of this.#owned.values()) {
      if (share.has(owned.id)) {
        if (owned.unrevoke()) reader.add([owned.cursor])
        continue
      }
      if (owned.revoke()) reader.remove([owned.cursor])
      if (owned.settled || owned.revokedFor() >= revokeGraceMs || !exists.has(owned.id)) free.push(owned)
    }
    if (free.length === 0) return
    for (const owned of free) {
      this.#owned.delete(owned.id)
      owned.cursor.lost = true
    }
    this.#options.logger.debug({ group: this.#options.group, partitions: free.map((owned) => owned.key) }, 'partitions released')
    await sql.release(
      session,
      this.#group,
      free.map((owned) => owned.id),
    )
  }

  /** Takes those of the partitions that nobody owns. @param before what the member owned in its last session, by serial id */
  async #acquire(
    session: MemberSession,
    wanted: readonly PartitionRef[],
    before?: ReadonlyMap<number, OwnedPartition>,
  ): Promise<readonly OwnedPartition[]> {
    if (wanted.length === 0) return []
    const refs = new Map(wanted.map((partition) => [partition.id, partition]))
    const member = { groupId: this.#group, member: this.#member, from: this.#options.from }
    const acquired = await sql.acquire(session, member, [...refs.keys()])
    return acquired.map(({ id, previous, start }) => {
      const same = previous === this.#member ? before?.get(id) : undefined
      same?.unrevoke()
      const owned = same ?? new OwnedPartition(new Cursor(refs.get(id) as PartitionRef, start))
      this.#owned.set(id, owned)
      return owned
    })
  }

  #read(taken: readonly OwnedPartition[]): void {
    if (taken.length === 0) return
    this.#options.logger.debug({ group: this.#options.group, partitions: taken.map((owned) => owned.key) }, 'partitions taken')
    this.#options.reader.add(taken.map((owned) => owned.cursor))
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return this.#running
    this.#closing.abort()
    this.#changed.fire()
    await this.#running
    const state = this.#state
    this.#state = { name: 'closed' }
    if (state.name !== 'member') return
    await sql.leave(state.session, this.#group, this.#member).catch(() => {}) // a lost session has left already
    await state.session.end()
  }
}
