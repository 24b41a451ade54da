import type { EncodedBatch } from '../../base/index.ts'
import type { PartitionRef } from './topics.ts'

/** A reader's place in one partition, and what was fetched ahead of it. */
export class Cursor {
  readonly partition: PartitionRef
  /** Where reading ends, for a reader that stops at what there was when it began. */
  readonly until: bigint | undefined
  /** Fetched and not yet taken, in order. */
  ready: EncodedBatch[] = []
  /** Another member has the partition, or had it since. */
  lost = false
  #position: bigint
  #taken: bigint
  #generation = 0
  /** Rises with each notice of new messages, so that one that comes during a fetch is not lost. */
  #notices = 0
  #more = true

  constructor(partition: PartitionRef, position: bigint, until?: bigint) {
    this.partition = partition
    this.#position = position
    this.#taken = position
    this.until = until
  }

  /** The offset after the last batch that was taken. */
  get taken(): bigint {
    return this.#taken
  }

  /** Next offset to fetch. */
  get position(): bigint {
    return this.#position
  }

  get done(): boolean {
    return this.until !== undefined && this.#position >= this.until && this.ready.length === 0
  }

  get hungry(): boolean {
    return this.#more && this.ready.length === 0 && !(this.until !== undefined && this.#position >= this.until)
  }

  /** There may be more than was fetched. */
  notice(): void {
    this.#notices++
    this.#more = true
  }

  /** Moves the place; what was fetched ahead, or is just being fetched, is dropped. */
  seek(offset: bigint): void {
    this.#generation++
    this.ready = []
    this.#position = offset
    this.#taken = offset
    this.notice()
  }

  /** Drops what was fetched ahead, so that reading goes on after the last batch taken. */
  rewind(): void {
    if (this.#position !== this.#taken) this.seek(this.#taken)
  }

  /** Marks the beginning of a fetch; hands in what it found, unless the cursor has moved since. */
  fetching(): (batches: EncodedBatch[], position: bigint, more: boolean) => void {
    const generation = this.#generation
    const notices = this.#notices
    return (batches, position, more) => {
      if (generation !== this.#generation) return
      this.ready = batches
      this.#position = position
      this.#more = more || notices !== this.#notices
    }
  }

  take(): EncodedBatch | undefined {
    const batch = this.ready.shift()
    if (batch) this.#taken = batch.nextOffset
    return batch
  }
}
