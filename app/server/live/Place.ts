import type { EncodedBatch, Position, TopicDescription } from '../../../lib/src/base/types/index.ts'

/** A place in a channel: for every partition of its topic the offset of the next record. */
export class Place {
  readonly channel: string
  readonly topic: string
  /** Id of the topic, which changes when the topic is deleted and created again. */
  readonly topicId: string
  /** By partition. */
  readonly offsets: bigint[]

  constructor(channel: string, topic: string, topicId: string, offsets: readonly bigint[]) {
    this.channel = channel
    this.topic = topic
    this.topicId = topicId
    this.offsets = [...offsets]
  }

  static endOf(channel: string, { name, id, partitions }: TopicDescription): Place {
    return new Place(
      channel,
      name,
      id,
      partitions.map(({ latest }) => latest),
    )
  }

  copy(): Place {
    return this.at(this.offsets)
  }

  /** The same channel at other offsets. */
  at(offsets: readonly bigint[]): Place {
    return new Place(this.channel, this.topic, this.topicId, offsets)
  }

  get positions(): Position[] {
    return this.offsets.map((offset, partition) => ({ topic: this.topic, partition, offset }))
  }

  /** Records between this place and a later one; 0 if the other is not later. */
  distanceTo(other: Place): bigint {
    let distance = 0n
    for (const [partition, offset] of other.offsets.entries()) {
      const own = this.offsets[partition] ?? 0n
      if (offset > own) distance += offset - own
    }
    return distance
  }

  equals(other: Place): boolean {
    return (
      this.topicId === other.topicId &&
      this.offsets.length === other.offsets.length &&
      this.offsets.every((offset, partition) => offset === other.offsets[partition])
    )
  }

  /** Moves each partition forward to the offset of the other place, if that is greater. */
  advanceTo(other: Place): void {
    for (const [partition, offset] of other.offsets.entries())
      if (offset > (this.offsets[partition] ?? 0n)) this.offsets[partition] = offset
  }
}

/** The offset from which to read so that record `index` of a batch comes next. */
export const offsetBefore = (batch: EncodedBatch, index: number): bigint =>
  index >= batch.length ? batch.nextOffset : batch.offset(index)
