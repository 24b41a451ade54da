import type { EncodedBatch, Position, TopicPartition } from '../../base/index.ts'
import type { Fetched, Want } from './PartitionFetcher.ts'

export interface LaneStart extends Position {
  /** Reading this partition ends here. */
  readonly until?: bigint
}

const FIRST_WIRE_BYTES = 128 * 1024
const LEAST_WIRE_BYTES = 4 * 1024

export const laneKey = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

/** One partition being read: where to fetch on, and what was fetched and not yet taken. */
export class ReadLane {
  readonly topic: string
  readonly partition: number
  readonly until: bigint | undefined
  paused = false
  /** Bytes fetched and not yet taken. */
  bytes = 0
  #offset: bigint
  #ready: EncodedBatch[] = []
  readonly #maxBytes: number
  /**
   * How many bytes to ask for. The limit of a request counts them compressed, and what is held is not: what was asked for
   * brought too much, so the next time less is asked for.
   */
  #wireBytes: number
  /** Changes whenever a fetch under way no longer fits. */
  #epoch = 0

  constructor({ topic, partition, offset, until }: LaneStart, maxBytes: number) {
    this.topic = topic
    this.partition = partition
    this.until = until
    this.#offset = offset
    this.#maxBytes = maxBytes
    this.#wireBytes = Math.min(FIRST_WIRE_BYTES, maxBytes)
  }

  get want(): Want {
    return { topic: this.topic, partition: this.partition, offset: this.#offset, until: this.until, wireBytes: this.#wireBytes }
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The offset of the next message that will be taken. */
  get position(): bigint {
    return this.#ready[0]?.firstOffset ?? this.#offset
  }

  /** Nothing is left of it: only where it has an end. */
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
    const fitting = brought > this.#maxBytes ? (this.#wireBytes * this.#maxBytes) / brought : this.#wireBytes * 2
    this.#wireBytes = Math.round(Math.min(this.#maxBytes, Math.max(LEAST_WIRE_BYTES, fitting)))
  }

  take(): EncodedBatch | undefined {
    if (this.paused) return undefined
    const batch = this.#ready.shift()
    if (batch) this.bytes -= batch.bytes.byteLength
    return batch
  }

  /** Reads on from an offset; what was fetched is dropped. */
  moveTo(offset: bigint): void {
    this.#offset = offset
    this.#ready = []
    this.bytes = 0
    this.#epoch++
  }
}
