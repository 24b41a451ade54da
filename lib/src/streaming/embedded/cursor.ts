import type { EncodedBatch } from '../../base/index.ts'
import { endOf, type RecordRun } from '../../base/types/wire/index.ts'
import type { Appended } from './appended.ts'
import type { PartitionRef } from './topics.ts'

/** So many appends are kept that come during a fetch, and so many batches where nobody takes them: what comes behind is fetched, in larger pieces. */
const MOST_KEPT = 16

/** Hands in the batches that a fetch found, where to read on, and whether there was more. @returns what was appended meanwhile */
export type FetchEnd = (batches: EncodedBatch[], position: bigint, more: boolean) => readonly Appended[]

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
  #fetching = false
  /** Appended during a fetch, which may have seen it or not. */
  #kept: Appended[] = []

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

  /**
   * Told of an append within this client. What follows on what was read is taken in as `batches` makes it, in place of being fetched;
   * whatever does not is fetched like the appends of others.
   */
  offer(appended: Appended, batches: (from: bigint) => EncodedBatch[]): void {
    const { run } = appended
    if (endOf(run) <= this.#position) return
    if (this.#fetching && this.#kept.length < MOST_KEPT) this.#kept.push(appended)
    else if (this.#fetching || this.ready.length >= MOST_KEPT || !this.#isNext(run)) this.notice()
    else {
      this.ready.push(...batches(this.#position))
      this.#position = endOf(run)
    }
  }

  /** Whether nothing lies between what was read and this. */
  #isNext({ baseOffset }: RecordRun): boolean {
    return !this.#more && this.until === undefined && baseOffset === this.#position
  }

  /** Moves the place; what was fetched ahead, or is just being fetched, is dropped. */
  seek(offset: bigint): void {
    this.#generation++
    this.ready = []
    this.#kept = []
    this.#position = offset
    this.#taken = offset
    this.notice()
  }

  /** Drops what was fetched ahead, so that reading goes on after the last batch taken. */
  rewind(): void {
    if (this.#position !== this.#taken) this.seek(this.#taken)
  }

  /** Marks the beginning of a fetch. What it finds counts unless the cursor has moved since. */
  fetching(): FetchEnd {
    this.#fetching = true
    const generation = this.#generation
    const notices = this.#notices
    return (batches, position, more) => {
      this.#fetching = false
      const kept = this.#kept
      this.#kept = []
      if (generation === this.#generation) {
        this.ready = batches
        this.#position = position
        this.#more = more || notices !== this.#notices
      }
      return kept
    }
  }

  take(): EncodedBatch | undefined {
    const batch = this.ready.shift()
    if (batch) this.#taken = batch.nextOffset
    return batch
  }
}
