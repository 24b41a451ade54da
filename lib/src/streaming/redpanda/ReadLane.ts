import type { EncodedBatch, Position, TopicPartition } from '../../base/index.ts'
import type { Fetched, Want } from './PartitionFetcher.ts'

export interface LaneStart extends Position {
  /** Reading this partition ends here. */
  readonly until?: bigint
}

/** A broker answers with a whole batch however little is asked for. */
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
  /** Up to where the group has this member's commits, and up to where the member has asked for them; at first, where it began. */
  committed: bigint
  settled: bigint
  #offset: bigint
  #ready: EncodedBatch[] = []
  readonly #maxBytes: number
  /**
   * How many bytes to ask for. The limit of a request counts them compressed, and what is held is not; how much they unpack to
   * is found out from little to more.
   */
  #wireBytes: number
  /** Changes whenever a fetch under way no longer fits. */
  #epoch = 0

  constructor({ topic, partition, offset, until }: LaneStart, maxBytes: number) {
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
    if (brought >= this.#wireBytes) this.#wireBytes = fitting(this.#wireBytes, brought, this.#maxBytes)
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

/** What to ask for, so that about `maxBytes` are brought: at most twice as much as the last time. */
function fitting(asked: number, brought: number, maxBytes: number): number {
  const wanted = Math.round(asked * Math.min(maxBytes / brought, 2))
  return Math.min(maxBytes, Math.max(LEAST_WIRE_BYTES, wanted))
}
