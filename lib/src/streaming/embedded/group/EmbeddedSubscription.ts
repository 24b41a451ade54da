import { type EncodedBatch, type Position, QiError, type Subscription, type TopicPartition } from '../../../base/types/index.ts'
import type { Listener } from '../Listener.ts'
import type { ReadAhead } from '../read/ReadAhead.ts'
import type { GroupMember } from './GroupMember.ts'
import { type OwnedPartition, partitionKey } from './OwnedPartition.ts'

export interface SubscriptionParts {
  readonly reader: ReadAhead
  readonly member: GroupMember
  readonly listener: Listener
  /** The offsets that a partition holds now. */
  readonly bounds: (partition: TopicPartition) => Promise<{ readonly earliest: bigint; readonly latest: bigint }>
  readonly onClose: () => void
}

/** A group member and its reader behind the {@link Subscription} contract. */
export class EmbeddedSubscription implements Subscription {
  readonly #parts: SubscriptionParts
  readonly #unsubscribe: () => void
  #closing: Promise<void> | undefined

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
    this.#unsubscribe = parts.listener.subscribe((notice) => {
      if (notice?.kind === 'data') parts.reader.notice(notice.topics, notice.appended)
      else if (notice?.kind !== 'group' || notice.group === parts.member.group) parts.member.requestRebalance()
      if (!notice) parts.reader.notice()
    })
  }

  assignments(): readonly TopicPartition[] {
    return this.#parts.member.owned.map(({ cursor: { partition } }) => ({
      topic: partition.topic,
      partition: partition.partition,
    }))
  }

  holds(batch: EncodedBatch): boolean {
    return this.#parts.reader.cursorOf(batch)?.lost === false
  }

  async commit(positions: readonly Position[]): Promise<void> {
    this.#checkOpen()
    const offsets = new Map<string, bigint>()
    for (const { topic, partition, offset } of positions) {
      const key = partitionKey(topic, partition)
      const before = offsets.get(key)
      if (before === undefined || before < offset) offsets.set(key, offset)
    }
    await this.#parts.member.commit(offsets)
  }

  pause(partitions?: readonly TopicPartition[]): void {
    this.#parts.reader.paused.pause(partitions)
    // Batches fetched ahead are dropped and fetched again later, because they would use up the space that all partitions share.
    for (const { cursor } of this.#select(partitions)) cursor.rewind()
  }

  resume(partitions?: readonly TopicPartition[]): void {
    this.#parts.reader.paused.resume(partitions)
    this.#parts.reader.wake()
  }

  async seek(position: Position): Promise<void> {
    this.#checkOpen()
    const { topic, partition, offset } = position
    const [owned] = this.#select([position])
    if (!owned) throw new QiError('BAD_REQUEST', `seek: partition ${partition} of "${topic}" is not owned by this member`)
    const { earliest, latest } = await this.#parts.bounds(position)
    if (offset < earliest || offset > latest)
      throw new QiError(
        'BAD_REQUEST',
        `seek: partition ${partition} of "${topic}" holds ${earliest} to ${latest}, not ${offset}`,
        { field: 'offset' },
      )
    owned.seek(offset)
    this.#parts.reader.wake()
  }

  #checkOpen(): void {
    if (this.#closing) throw new QiError('CLOSED', 'the subscription is closed')
  }

  #select(partitions: readonly TopicPartition[] | undefined): readonly OwnedPartition[] {
    const all = this.#parts.member.owned
    if (!partitions) return all
    const keys = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)))
    return all.filter(({ key }) => keys.has(key))
  }

  [Symbol.asyncIterator](): AsyncIterator<EncodedBatch> {
    return {
      next: async () => {
        const value = await this.#parts.reader.next()
        return value ? { done: false, value } : { done: true, value: undefined }
      },
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#unsubscribe()
    this.#parts.reader.close()
    await this.#parts.member.close()
    this.#parts.onClose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
