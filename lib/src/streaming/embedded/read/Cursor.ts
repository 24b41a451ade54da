import type { EncodedBatch } from '../../../base/types/index.ts'
import { endOf, type RecordRun } from '../../../base/types/wire/index.ts'
import type { PartitionRef } from '../admin/topic.ts'
import type { Appended } from '../append/appended.ts'

/**
 * Most appends kept during a fetch, and most appended batches that wait to be taken. Further ones are left to be fetched, which
 * makes larger batches of them.
 */
const MAX_KEPT = 16

/**
 * Ends a fetch: the batches found, the next offset to fetch, and true if the log held more.
 * @returns appends of this client during the fetch
 */
export type FetchEnd = (batches: EncodedBatch[], position: bigint, more: boolean) => readonly Appended[]

/**
 * A reader's position in one partition, and the batches fetched ahead of it.
 *
 * | state | meaning | entered by | left by |
 * |---|---|---|---|
 * | hungry | the log may hold more, and no batch is ready | notice(), seek(), a fetch that left more | fetching() |
 * | fetching | a fetch is in flight; appends of this client are kept until it ends | fetching() | its {@link FetchEnd} |
 * | ready | batches wait to be taken | a fetch or offer() that brought batches | the last take(), seek() |
 * | idle | everything up to `position` was taken, and the log held no more | the last take() | notice(), offer(), seek() |
 * | done | `position` has reached `until` and every batch was taken | the last take() | seek() |
 *
 * The states follow from the fields, so that taking and offering a batch stays cheap. A seek() during a fetch makes the fetch's
 * result void.
 */
export class Cursor {
  readonly partition: PartitionRef
  /** The offset at which reading ends, for a reader that stops at the end it found when it began. */
  readonly until: bigint | undefined
  /** Fetched and not yet taken, in order. */
  ready: EncodedBatch[] = []
  /** True once another member owns the partition, or has owned it since. */
  lost = false
  #position: bigint
  #taken: bigint
  #generation = 0
  /** Counts notices of new messages, so that one during a fetch is not lost. */
  #notices = 0
  #more = true
  #fetching = false
  /** Appends of this client during a fetch, which may or may not contain them. */
  #kept: Appended[] = []

  constructor(partition: PartitionRef, position: bigint, until?: bigint) {
    this.partition = partition
    this.#position = position
    this.#taken = position
    this.until = until
  }

  /** The offset after the last batch taken. */
  get taken(): bigint {
    return this.#taken
  }

  /** The next offset to fetch. */
  get position(): bigint {
    return this.#position
  }

  get done(): boolean {
    return this.until !== undefined && this.#position >= this.until && this.ready.length === 0
  }

  get hungry(): boolean {
    return this.#more && this.ready.length === 0 && !(this.until !== undefined && this.#position >= this.until)
  }

  /** The log may hold more than was fetched. */
  notice(): void {
    this.#notices++
    this.#more = true
  }

  /**
   * Offers an append of this client. If it follows directly on the messages read so far, its batches become ready without a fetch;
   * otherwise it is fetched like the appends of other clients.
   * @param batches decodes the append from an offset on
   */
  offer(appended: Appended, batches: (from: bigint) => EncodedBatch[]): void {
    const { run } = appended
    if (endOf(run) <= this.#position) return
    if (this.#fetching && this.#kept.length < MAX_KEPT) this.#kept.push(appended)
    else if (this.#fetching || this.ready.length >= MAX_KEPT || !this.#isNext(run)) this.notice()
    else {
      this.ready.push(...batches(this.#position))
      this.#position = endOf(run)
    }
  }

  /** True if there is no message between the ones read and this run. */
  #isNext({ baseOffset }: RecordRun): boolean {
    return !this.#more && this.until === undefined && baseOffset === this.#position
  }

  /** Moves to an offset and drops the batches fetched ahead, those of a fetch in flight too. */
  seek(offset: bigint): void {
    this.#generation++
    this.ready = []
    this.#kept = []
    this.#position = offset
    this.#taken = offset
    this.notice()
  }

  /** Drops the batches fetched ahead, so that reading continues after the last batch taken. */
  rewind(): void {
    if (this.#position !== this.#taken) this.seek(this.#taken)
  }

  /** Begins a fetch. Its result is dropped if the cursor is moved meanwhile. */
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
