import type { EncodedBatch, Position, TopicPartition } from '../../../base/types/index.ts'
import type { Fetched, Want } from './PartitionFetcher.ts'

export interface CursorStart extends Position {
  /** The offset at which reading ends. */
  readonly until?: bigint
}

/** Least bytes asked for; a broker answers with a whole batch anyway. */
const LEAST_WIRE_BYTES = 4 * 1024

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

/** A reader's position in one partition, and the batches fetched ahead of it. */
export class Cursor {
  readonly topic: string
  readonly partition: number
  readonly until: bigint | undefined
  paused = false
  /** Bytes fetched and not yet taken. */
  bytes = 0
  /** The offset committed by this member; at first the offset at which it began. */
  committed: bigint
  /** The offset that this member has asked to commit. */
  settled: bigint
  /** True after a seek until the next commit, which may therefore go back. */
  #sought = false
  #offset: bigint
  #ready: EncodedBatch[] = []
  readonly #maxBytes: number
  /**
   * Bytes to ask for. A request's limit counts compressed bytes, but memory holds decompressed ones, so it starts small and is
   * adapted to how much the answers decompress to.
   */
  #wireBytes: number
  /** Rises with each move, which makes the result of a fetch in flight void. */
  #epoch = 0

  constructor({ topic, partition, offset, until }: CursorStart, maxBytes: number) {
    this.topic = topic
    this.partition = partition
    this.until = until
    this.committed = offset
    this.settled = offset
    this.#offset = offset
    this.#maxBytes = maxBytes
    this.#wireBytes = Math.min(LEAST_WIRE_BYTES, maxBytes)
  }

  get want(): Want {
    return { topic: this.topic, partition: this.partition, offset: this.#offset, until: this.until, wireBytes: this.#wireBytes }
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The offset of the next message to be taken. */
  get position(): bigint {
    return this.#ready[0]?.firstOffset ?? this.#offset
  }

  /** True once its end was reached and every batch was taken. */
  get finished(): boolean {
    return this.until !== undefined && this.#ready.length === 0 && this.#offset >= this.until
  }

  get hungry(): boolean {
    return !this.paused && this.bytes < this.#maxBytes && (this.until === undefined || this.#offset < this.until)
  }

  accept({ batches, nextOffset }: Fetched): void {
    let brought = 0
    for (const batch of batches) {
      this.#ready.push(batch)
      brought += batch.bytes.byteLength
    }
    this.bytes += brought
    this.#offset = nextOffset
    if (brought >= this.#wireBytes) this.#wireBytes = nextWireBytes(this.#wireBytes, brought, this.#maxBytes)
  }

  take(): EncodedBatch | undefined {
    if (this.paused) return undefined
    const batch = this.#ready.shift()
    if (batch) this.bytes -= batch.bytes.byteLength
    return batch
  }

  /** Notes that a commit was asked for. @returns false if it would go back: another member has committed more since it was made */
  settle(offset: bigint): boolean {
    if (offset < this.committed && !this.#sought) return false
    this.#sought = false
    this.settled = offset
    return true
  }

  seek(offset: bigint): void {
    this.moveTo(offset)
    this.#sought = true
  }

  /** Moves to an offset and drops the batches fetched ahead. */
  moveTo(offset: bigint): void {
    this.#offset = offset
    this.#ready = []
    this.bytes = 0
    this.#epoch++
  }
}

/** Bytes to ask for so that the answer decompresses to about `maxBytes`: at most twice as many as the last time. */
function nextWireBytes(asked: number, brought: number, maxBytes: number): number {
  const wanted = Math.round(asked * Math.min(maxBytes / brought, 2))
  return Math.min(maxBytes, Math.max(LEAST_WIRE_BYTES, wanted))
}
