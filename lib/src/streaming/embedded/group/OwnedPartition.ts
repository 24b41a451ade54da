import type { Cursor } from '../read/Cursor.ts'

export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`

/**
 * A partition that a group member owns: it holds the partition's lock.
 *
 * | state | meaning | entered by | left by |
 * |---|---|---|---|
 * | kept | read and committed | creation, unrevoke() | revoke() |
 * | revoked | another member should own it: not read, but batches handed out may still be committed | revoke() | unrevoke(), release |
 *
 * {@link GroupMember} releases a revoked partition once it is settled or its grace period is over, and drops the object.
 */
export class OwnedPartition {
  readonly cursor: Cursor
  readonly id: number
  readonly key: string
  /** True after a seek until the next commit, which may therefore lower the committed offset. */
  sought = false
  /** Set while revoked: since when, by performance.now(). */
  revokedAt: number | undefined
  #committed: bigint

  constructor(cursor: Cursor) {
    this.cursor = cursor
    this.id = cursor.partition.id
    this.key = partitionKey(cursor.partition.topic, cursor.partition.partition)
    this.#committed = cursor.taken
  }

  /** True if every batch handed out has been committed. */
  get settled(): boolean {
    return this.#committed >= this.cursor.taken
  }

  committed(offset: bigint): void {
    this.sought = false
    if (offset > this.#committed) this.#committed = offset
  }

  seek(offset: bigint): void {
    this.cursor.seek(offset)
    this.#committed = offset
    this.sought = true
  }

  /** @returns false if it was revoked already */
  revoke(): boolean {
    if (this.revokedAt !== undefined) return false
    this.revokedAt = performance.now()
    this.cursor.rewind()
    return true
  }

  /** @returns false if it was not revoked */
  unrevoke(): boolean {
    const revoked = this.revokedAt !== undefined
    this.revokedAt = undefined
    return revoked
  }

  /** Milliseconds since it was revoked; 0 if it is kept. */
  revokedFor(): number {
    return this.revokedAt === undefined ? 0 : performance.now() - this.revokedAt
  }
}
