import type { Cursor } from './cursor.ts'

export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`

/** A partition that a member holds. */
export class Held {
  readonly cursor: Cursor
  readonly id: number
  readonly key: string
  /** The next commit may go back, since reading did. */
  sought = false
  /** Since when another member should have it, in the time of performance.now(). */
  revokedAt: number | undefined
  #committed: bigint

  constructor(cursor: Cursor) {
    this.cursor = cursor
    this.id = cursor.partition.id
    this.key = partitionKey(cursor.partition.topic, cursor.partition.partition)
    this.#committed = cursor.taken
  }

  /** Whether all that was handed out has been acknowledged. */
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

  /** @returns whether it was to be kept until now */
  revoke(): boolean {
    if (this.revokedAt !== undefined) return false
    this.revokedAt = performance.now()
    this.cursor.rewind()
    return true
  }

  /** @returns whether it was to be given up until now */
  keep(): boolean {
    const revoked = this.revokedAt !== undefined
    this.revokedAt = undefined
    return revoked
  }

  revokedFor(): number {
    return this.revokedAt === undefined ? 0 : performance.now() - this.revokedAt
  }
}
