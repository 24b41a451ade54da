import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, QiError, toQiError } from '../../base/index.ts'
import { assign } from './assignment.ts'
import { Changed } from './changed.ts'
import type { Connections } from './connections.ts'
import { Cursor } from './cursor.ts'
import * as sql from './groupSql.ts'
import { Held } from './held.ts'
import { MemberSession } from './memberSession.ts'
import type { Reader } from './reader.ts'
import type { PartitionRef } from './topics.ts'

/** How soon a member that died without a word is found out. */
const LOOK_MS = 500
/** How long a commit waits for a lost session to come back. */
const RETURN_MS = 10_000

export interface MembershipOptions {
  readonly connections: Connections
  readonly logger: Logger
  readonly reader: Reader
  readonly group: string
  readonly topics: readonly string[]
  readonly from: 'earliest' | 'latest'
  readonly revokeGraceMs: number
}

/**
 * One member of a consumer group: keeps its session, holds the partitions that are its share, and gives them up when the share
 * changes. There is no leader and no clock: who is alive and who holds what are locks of sessions.
 */
export class Membership {
  readonly #options: MembershipOptions
  readonly #held = new Map<number, Held>()
  readonly #changed = new Changed()
  readonly #closed = new AbortController()
  #session: MemberSession | undefined
  #group = 0
  #member = 0
  #looking = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /** Serial id of the group. */
  get group(): number {
    return this.#group
  }

  /** Those held now; none while the session is lost. */
  get held(): readonly Held[] {
    return this.#session ? [...this.#held.values()] : []
  }

  /** Joins, takes what is free, and stays a member until close(). */
  async open(): Promise<void> {
    const session = await this.#join()
    await this.#look(session)
    this.#running = this.#stay(session)
  }

  /** Something in the group or its topics changed. */
  look(): void {
    this.#looking = true
    this.#changed.fire()
  }

  /**
   * A commit cut off by a lost session is repeated on the next one, which does no harm.
   * @throws QiError UNAVAILABLE, CLOSED
   */
  async commit(offsets: ReadonlyMap<string, bigint>): Promise<void> {
    const deadline = performance.now() + RETURN_MS
    for (;;) {
      const session = await this.#returned(deadline)
      const commits = [...this.#held.values()].flatMap((held) => {
        const offset = offsets.get(held.key)
        return offset === undefined ? [] : [{ held, id: held.id, offset, exact: held.sought }]
      })
      if (commits.length === 0) return
      try {
        await sql.commitOffsets(session, this.#group, this.#member, commits)
      } catch (error) {
        const failure = toQiError(error)
        if (failure.retryable && !session.alive) continue
        throw new QiError('UNAVAILABLE', `commit of group "${this.#options.group}": ${failure.message}`, { cause: error })
      }
      for (const { held, offset } of commits) held.committed(offset)
      if (commits.some(({ held }) => held.revokedAt !== undefined && held.settled)) this.look()
      return
    }
  }

  async #returned(deadline: number): Promise<MemberSession> {
    for (;;) {
      if (this.#closed.signal.aborted) throw new QiError('CLOSED', 'the subscription is closed')
      if (this.#session?.alive) return this.#session
      if (performance.now() > deadline) throw new QiError('UNAVAILABLE', `group "${this.#options.group}" has lost its connection`)
      await Promise.race([this.#changed.wait(), delay(100)])
    }
  }

  async #join(): Promise<MemberSession> {
    const session = await MemberSession.open(this.#options.connections, this.#closed.signal)
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

  async #stay(first: MemberSession): Promise<void> {
    let session: MemberSession | undefined = first
    for (let wait = 50; !this.#closed.signal.aborted; ) {
      try {
        session ??= await this.#join()
        await this.#look(session)
        wait = 50
        while (session.alive && !this.#closed.signal.aborted) await this.#lookAfterChange(session)
        if (session.alive) return
        this.#options.logger.warn({ group: this.#options.group }, 'the connection of a group member was lost; joining again')
      } catch (error) {
        const failure = toQiError(error)
        if (this.#closed.signal.aborted) return session === this.#session ? undefined : session?.end()
        if (session?.alive !== false && !failure.retryable) {
          await session?.end()
          this.#suspend()
          return this.#options.reader.fail(failure)
        }
        this.#options.logger.debug({ group: this.#options.group, err: failure }, 'a group member cannot join yet')
        await session?.end()
        await delay(wait, undefined, { signal: this.#closed.signal }).catch(() => {})
        wait = Math.min(wait * 2, 1000)
      }
      this.#suspend()
      session = undefined
    }
  }

  async #lookAfterChange(session: MemberSession): Promise<void> {
    const tick = new AbortController()
    if (!this.#looking)
      await Promise.race([this.#changed.wait(), session.lost, delay(LOOK_MS, undefined, { signal: tick.signal }).catch(() => {})])
    tick.abort()
    if (session.alive && !this.#closed.signal.aborted) await this.#look(session)
  }

  /** Without a session nothing is held; where nobody else comes in between, reading goes on from the same place. */
  #suspend(): void {
    this.#session = undefined
    this.#options.reader.remove([...this.#held.values()].map((held) => held.cursor))
  }

  async #look(session: MemberSession): Promise<void> {
    this.#looking = false
    const state = await sql.groupState(session, this.#group)
    if (!state.members.some((member) => member.id === this.#member)) {
      await sql.enterMember(session, this.#group, this.#member, this.#options.topics)
      this.#looking = true
    }
    const share = assign(state.members, state.partitions, this.#member)
    if (this.#session !== session) await this.#takeBack(session, share)
    await this.#giveUp(session, new Set(share.map((partition) => partition.id)), state.partitions)
    await this.#take(
      session,
      share.filter((partition) => !this.#held.has(partition.id)),
    )
    this.#changed.fire()
  }

  /** After a lost session: what nobody took meanwhile is held again where it was, the rest forgotten. */
  async #takeBack(session: MemberSession, share: readonly PartitionRef[]): Promise<void> {
    const before = new Map(this.#held)
    this.#held.clear()
    try {
      await this.#take(session, share, before)
    } catch (error) {
      for (const held of before.values()) this.#held.set(held.id, held)
      throw error
    }
    for (const held of before.values()) if (this.#held.get(held.id) !== held) held.cursor.lost = true
    this.#session = session
  }

  async #giveUp(session: MemberSession, share: ReadonlySet<number>, existing: readonly PartitionRef[]): Promise<void> {
    const { reader, revokeGraceMs } = this.#options
    const exists = new Set(existing.map((partition) => partition.id))
    const free: Held[] = []
    for (const held of this.#held.values()) {
      if (share.has(held.id)) {
        if (held.keep()) reader.add([held.cursor])
        continue
      }
      if (held.revoke()) reader.remove([held.cursor])
      if (held.settled || held.revokedFor() >= revokeGraceMs || !exists.has(held.id)) free.push(held)
    }
    if (free.length === 0) return
    for (const held of free) {
      this.#held.delete(held.id)
      held.cursor.lost = true
    }
    this.#options.logger.debug({ group: this.#options.group, partitions: free.map((held) => held.key) }, 'partitions given up')
    await sql.release(
      session,
      this.#group,
      free.map((held) => held.id),
    )
  }

  async #take(session: MemberSession, wanted: readonly PartitionRef[], before?: ReadonlyMap<number, Held>): Promise<void> {
    if (wanted.length === 0) return
    const refs = new Map(wanted.map((partition) => [partition.id, partition]))
    const member = { groupId: this.#group, member: this.#member, from: this.#options.from }
    const acquired = await sql.acquire(session, member, [...refs.keys()])
    const taken = acquired.map(({ id, previous, start }) => {
      const same = previous === this.#member ? before?.get(id) : undefined
      same?.keep()
      const held = same ?? new Held(new Cursor(refs.get(id) as PartitionRef, start))
      this.#held.set(id, held)
      return held
    })
    this.#session ??= session
    if (taken.length === 0) return
    this.#options.logger.debug({ group: this.#options.group, partitions: taken.map((held) => held.key) }, 'partitions taken')
    this.#options.reader.add(taken.map((held) => held.cursor))
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return this.#running
    this.#closed.abort()
    this.#changed.fire()
    await this.#running
    const session = this.#session
    this.#session = undefined
    if (!session) return
    await sql.leave(session, this.#group, this.#member).catch(() => {}) // a lost session has left
    await session.end()
  }
}
